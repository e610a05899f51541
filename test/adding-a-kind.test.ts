// The diff in docs/adding-a-kind.md, applied to a copy of the repository, adds a kind that runs.
import { execFile } from "node:child_process";
import { cp, mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

import { afterAll, beforeAll, expect, test } from "vitest";

import { IS_LONG } from "./long.ts";

const run = promisify(execFile);
const ROOT = join(import.meta.dirname, "..");
const NOT_COPIED = new Set([".git", ".wrangler", ".results", "node_modules", "demo-output"]);

/** The cases that a person would try: by hand, as an upload, below the score, and a text that does not reach a model. */
const TRIAL = `
import { expect, test } from "vitest";
import { startDarkroom } from "./harness.ts";

const darkroom = startDarkroom();

async function moodOf(id: string): Promise<string> {
  const job = await darkroom.untilJob(id);
  expect(job).toMatchObject({ kind: "mood", state: "completed" });
  return (await darkroom.api(\`/v1/jobs/\${id}/artifacts/mood.txt\`)).text();
}

test("a mood is judged, of a text and of an upload, with its steps", async () => {
  const { id } = await darkroom.submit({ kind: "mood", text: "wonderful" });
  expect(await moodOf(id)).toMatch(/^(happy|unhappy)\\n$/);
  const uploaded = await darkroom.upload({ name: "day.txt", kind: "mood", then: "embed" }, "what a day");
  expect(await moodOf(uploaded.id)).toMatch(/^(happy|unhappy)\\n$/);
  const long = await darkroom.upload({ name: "long.txt", kind: "mood" }, "a".repeat(2001));
  expect((await darkroom.untilJob(long.id)).error).toMatchObject({ code: "source_too_large" });
  const unsure = await darkroom.submit({ kind: "mood", text: "perhaps", options: { sureFrom: 1 } });
  expect(await moodOf(unsure.id)).toBe("unsure\\n");
});

test("it has a price, a place in the queues and in the API's document, and its form is checked", async () => {
  const dry = await darkroom.post("/v1/jobs/estimate", { kind: "mood", text: "how much" });
  expect(await dry.json()).toMatchObject({ estimate: { neurons: expect.any(Number) } });
  const { kinds } = await (await darkroom.api("/v1/queues")).json<{ kinds: { kind: string }[] }>();
  expect(kinds.map(({ kind }) => kind)).toContain("mood");
  const document = await (await darkroom.api("/openapi.json")).text();
  expect(document).toContain("sureFrom");
  expect((await darkroom.post("/v1/jobs", { kind: "mood" })).status).toBe(422);
  expect((await darkroom.post("/v1/queues/mood/pause", {})).status).toBe(200);
});
`;

let copy: string;
let diff: string;

beforeAll(async () => {
  copy = await mkdtemp(join(tmpdir(), "darkroom-kind-"));
  const names = (await readdir(ROOT)).filter((name) => !NOT_COPIED.has(name));
  await Promise.all(names.map((name) => cp(join(ROOT, name), join(copy, name), { recursive: true })));
  await symlink(join(ROOT, "node_modules"), join(copy, "node_modules"));
  const page = await readFile(join(ROOT, "docs/adding-a-kind.md"), "utf8");
  diff = /^```diff\n(.*?)^```$/ms.exec(page)?.[1] ?? "";
  await writeFile(join(copy, "mood.diff"), diff);
  await run("git", ["apply", "mood.diff"], { cwd: copy });
  await writeFile(join(copy, "test/mood.test.ts"), TRIAL);
}, 60_000);
afterAll(() => rm(copy, { recursive: true, force: true }));

function touched(): readonly string[] {
  return [...diff.matchAll(/^diff --git a\/(\S+)/gm)].flatMap(([, path]) => path ?? []);
}

test("the diff touches at most four paths", () => {
  const paths = touched();
  expect(paths.length).toBeGreaterThan(0);
  expect(paths.length).toBeLessThanOrEqual(4);
});

test("the new kind runs from an upload to its result", async () => {
  const vitest = join(ROOT, "node_modules/vitest/vitest.mjs");
  const { stdout } = await run(process.execPath, [vitest, "run", "test/mood.test.ts", "test/layers.test.ts"], {
    cwd: copy,
    env: { ...process.env, CI: "true", NO_COLOR: "1" },
  });
  expect(stdout).toMatch(/Tests\s+\d+ passed/);
}, 120_000);

test.runIf(IS_LONG)(
  "the compiler and the linter accept it",
  async () => {
    const tsc = join(ROOT, "node_modules/typescript/bin/tsc");
    const compiled = await run(process.execPath, [tsc], { cwd: copy });
    expect(compiled.stdout).toBe("");
    await run(join(ROOT, "node_modules/.bin/oxlint"), ["--type-aware", "--deny-warnings", ...touched()], { cwd: copy });
  },
  300_000,
);
