// The layers of the code that the linter cannot check: it sees neither import circles of types nor SQL.
import { readdirSync, readFileSync } from "node:fs";
import { join, normalize } from "node:path";

import { expect, test } from "vitest";

import * as z from "zod";

import { STEPS } from "../shared/jobs/steps.ts";
import { ABOUT } from "../shared/kinds/about.ts";
import { JOB_KINDS, kindOf, mainArtifact } from "../shared/kinds/index.ts";

const ROOT = join(import.meta.dirname, "..");
const FOLDERS = ["producer", "consumer", "shared", "client", "local", "deploy", "smoke"];

const sources = new Map(
  [
    "worker.ts",
    ...FOLDERS.flatMap((folder) =>
      readdirSync(join(ROOT, folder), { recursive: true, encoding: "utf8" }).map((name) => `${folder}/${name}`),
    ),
  ]
    .filter((path) => path.endsWith(".ts") && !path.includes("node_modules/"))
    .map((path) => [path, readFileSync(join(ROOT, path), "utf8")]),
);

const imports = new Map([...sources].map(([path, text]) => [path, importsOf(path, text)]));

/** Return our modules that a module imports, including imports of types only. */
function importsOf(path: string, text: string): readonly string[] {
  const found = text.matchAll(/(?:from|import\()\s*"(\.{1,2}\/[^"]+)"/g);
  return [...found].map(([, to = ""]) => normalize(join(path, "..", to))).filter((to) => sources.has(to));
}

/** Return a chain of imports from a module back to itself; null if there is none. */
function circleThrough(start: string): readonly string[] | null {
  const ways: (readonly string[])[] = [[start]];
  const seen = new Set<string>();
  for (let way = ways.pop(); way !== undefined; way = ways.pop()) {
    for (const next of imports.get(way.at(-1) ?? "") ?? []) {
      if (next === start) return [...way, next];
      if (seen.has(next)) continue;
      seen.add(next);
      ways.push([...way, next]);
    }
  }
  return null;
}

function importsBetween(from: string, to: readonly string[]): readonly string[] {
  return [...imports].flatMap(([path, all]) =>
    path.startsWith(`${from}/`)
      ? all.filter((one) => to.some((side) => one.startsWith(`${side}/`))).map((one) => `${path} -> ${one}`)
      : [],
  );
}

test("the sources are there to be read", () => {
  expect(sources.size).toBeGreaterThan(400);
  expect([...imports.values()].flat().length).toBeGreaterThan(1000);
});

test("no module imports itself by way of others, not even for a type", () => {
  expect([...sources.keys()].flatMap((path) => circleThrough(path)?.join(" -> ") ?? [])).toEqual([]);
});

test("producer and consumer meet only in D1 and the queue, and shared/ knows neither", () => {
  expect(importsBetween("producer", ["consumer", "local"])).toEqual([]);
  expect(importsBetween("consumer", ["producer", "local"])).toEqual([]);
  expect(importsBetween("shared", ["producer", "consumer", "local", "client"])).toEqual([]);
});

test("SQL is written under shared/db/ alone", () => {
  const isSql = /\.prepare\(|\b(?:SELECT .+ FROM|INSERT INTO|DELETE FROM|UPDATE \w+ SET)\b/;
  const worker = [...sources].filter(([path]) => /^(?:producer|consumer|shared|client)\//.test(path));
  const found = worker.filter(([, text]) => isSql.test(text)).map(([path]) => path);
  expect(found.filter((path) => !path.startsWith("shared/db/"))).toEqual([]);
  expect(found.length).toBeGreaterThan(30);
});

test("only announce() records changes of state and wakes consumers; maintenance repeats lost wake-ups", () => {
  const callers = (call: RegExp) =>
    [...sources].flatMap(([path, text]) => {
      const calls = [...text.matchAll(call)].length;
      return calls > 0 && /^(?:producer|consumer|shared)\//.test(path) ? [`${path}: ${calls}`] : [];
    });
  expect(callers(/(?<!function )\bwake(?:Later)?\(/g)).toEqual([
    "shared/jobs/announce.ts: 2",
    "shared/jobs/wake.ts: 1",
  ]);
  expect(callers(/event: "task\.opened"|event: `job\.\$/g)).toEqual(["shared/jobs/announce.ts: 2"]);
  expect(callers(/\.sendBatch\(/g)).toEqual(["shared/jobs/wake.ts: 1"]);
});

test("only shared/kinds/, the processors and the clients name a kind of job: all others read the registry", () => {
  const isNamed = new RegExp(`["'\`](?:${JOB_KINDS.join("|")})["'\`]`);
  const worker = [...sources].filter(([path]) => /^(?:producer|consumer|shared)\//.test(path));
  // The examples of the document show jobs, and nothing reads them.
  const read = worker.filter(([path]) => !path.endsWith("/examples.ts"));
  const found = read.filter(([, text]) => isNamed.test(text)).map(([path]) => path);
  const allowed = ["shared/kinds/", "consumer/processors/"];
  expect(found.filter((path) => !allowed.some((folder) => path.startsWith(folder)))).toEqual([]);
  expect(found.length).toBeGreaterThanOrEqual(JOB_KINDS.length);
});

test("no two kinds of job take the same uploads by default, and no two have a kind of task in common", () => {
  const kinds = JOB_KINDS.map((kind) => kindOf(kind));
  const media = kinds.flatMap(({ uploads }) => uploads.byDefault);
  expect(new Set(media).size).toBe(media.length);
  const tasks = [...kinds.flatMap(({ tasks: own }) => Object.keys(own)), ...STEPS, "deliver_webhook"];
  expect(new Set(tasks).size).toBe(tasks.length);
  // The artifacts of steps must not be taken for the job's own result.
  for (const name of ["summary.txt", "summary.json", "description.txt"]) {
    expect(kinds.filter(({ kind }) => mainArtifact(kind, [{ name }]) !== undefined)).toEqual([]);
  }
  for (const { firstTask, tasks: own, uploads } of kinds) {
    expect(Object.keys(own)).toContain(firstTask);
    for (const one of uploads.byDefault) expect(uploads.takes).toContain(one);
  }
});

test("the input of a kind can hold everything that its request allows", () => {
  for (const name of JOB_KINDS) {
    const { input, request } = kindOf(name);
    const { properties } = z.toJSONSchema(request, { io: "input" }) as Shape;
    const own = Object.keys(properties ?? {}).filter((field) => field !== "kind" && !(field in ABOUT));
    const held = new Set(
      shapesOf(z.toJSONSchema(input) as Shape).flatMap((shape) => Object.keys(shape.properties ?? {})),
    );
    expect(own.filter((field) => !held.has(field))).toEqual([]);
    expect(own).toContain("options");
  }
});

interface Shape {
  readonly properties?: Readonly<Record<string, unknown>>;
  readonly anyOf?: readonly Shape[];
}

function shapesOf(schema: Shape): readonly Shape[] {
  return schema.anyOf ?? [schema];
}
