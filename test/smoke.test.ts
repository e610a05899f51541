// The smoke run against the offline Worker. Every line passes, and each line fails if the thing that it checks is broken.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";

import pLimit from "p-limit";
import { expect, test } from "vitest";

import { CHECKS } from "../smoke/checks.ts";
import { type Media, readMedia } from "../smoke/media.ts";
import { type Report, runChecks, type RunOptions } from "../smoke/run-checks.ts";
import type { Fetch } from "../smoke/check.ts";
import { createEvent, KEYS, startDarkroom, until } from "./harness.ts";
import { speech } from "./speech.ts";
import { IS_LONG } from "./long.ts";

// The local bucket only allows pages of localhost.
const ORIGIN = "http://localhost:5173";
const darkroom = startDarkroom({ CORS_ORIGINS: ORIGIN, AI_GATEWAY_ID: "darkroom" });
const WAITS = { jobMs: 20_000, notificationMs: 5000, indexMs: 5000, deliveryMs: 10_000 };

/** Inputs for scripted models. The note is slow, so that calls overlap. */
const media: Media = {
  ...(await readMedia()),
  speech: new Blob([speech("hello one two three")], { type: "audio/wav" }),
  text: "sleep:200 A fine harbour at dawn.",
};

/** A proxy between the run and the product. */
type Double = (url: URL, init: RequestInit, next: () => Promise<Response>) => Promise<Response>;

/** The result of a spawned run. */
interface Ended {
  readonly code: number | null;
  readonly output: string;
}

/** Run `npm run smoke`. @param onStart can stop it after its first output. */
async function command(
  args: readonly string[],
  env: Record<string, string>,
  stopWhen?: Promise<unknown>,
): Promise<Ended> {
  const child = spawn(process.execPath, [join(import.meta.dirname, "../smoke/run.ts"), ...args], {
    env: { ...process.env, ...env },
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (chunk: Buffer) => {
      output += chunk.toString();
    });
  }
  const closed = once(child, "close");
  if (stopWhen !== undefined) {
    await stopWhen;
    child.kill("SIGINT");
  }
  const [code] = (await closed) as [number | null];
  return { code, output };
}

function run(only?: readonly string[], double?: Double, options: Partial<RunOptions> = {}, announces = true) {
  const fetch: Fetch = (url, init) => {
    const next = () => globalThis.fetch(url, init);
    return double === undefined ? next() : double(new URL(url), init, next);
  };
  return runChecks({
    baseUrl: darkroom.origin(),
    key: KEYS.operator,
    isLocal: true,
    media,
    waits: WAITS,
    signal: new AbortController().signal,
    origin: ORIGIN,
    only,
    ...options,
    fetch: announces ? announcing(fetch) : fetch,
  });
}

/** R2's notifications, which no simulator sends. */
function announcing(fetch: Fetch): Fetch {
  return async (url, init) => {
    const response = await fetch(url, init);
    const { pathname, searchParams } = new URL(url);
    if (init.method !== "PUT" || !response.ok || !searchParams.has("X-Amz-Signature")) return response;
    const key = decodeURIComponent(pathname.slice(pathname.indexOf("inbox/")));
    const object = await darkroom.bindings().MEDIA.head(key);
    if (object !== null) await darkroom.bindings().UPLOADS.send(createEvent(key, object.size, object.etag));
    return response;
  };
}

function rowOf({ rows }: Report, name: string) {
  return rows.find((row) => row.name === name);
}

async function jobsLeft(): Promise<readonly string[]> {
  const { jobs } = await (await darkroom.api("/v1/jobs?limit=100")).json<{ jobs: { id: string }[] }>();
  return jobs.map(({ id }) => id);
}

/** Change the JSON answers of one path. */
function altering(method: string, path: RegExp, alter: (answer: never) => unknown): Double {
  return async (url, init, next) => {
    const response = await next();
    if ((init.method ?? "GET") !== method || !path.test(url.pathname) || !response.ok) return response;
    return Response.json(alter(await response.json<never>()), { status: response.status });
  };
}

/** Change the JSON that is sent to one path. */
function sending(path: RegExp, alter: (body: Record<string, unknown>) => unknown): Double {
  return (url, init, next) => {
    if (!path.test(url.pathname) || typeof init.body !== "string") return next();
    const body = JSON.stringify(alter(JSON.parse(init.body) as Record<string, unknown>));
    return globalThis.fetch(url, { ...init, body });
  };
}

function s3Error(code: string, status: number): Response {
  return new Response(`<Error><Code>${code}</Code><Message>It is not so.</Message></Error>`, { status });
}

const isPut = (url: URL, { method }: RequestInit) => method === "PUT" && url.searchParams.has("X-Amz-Signature");

test("offline every check passes, for less than its limit, and nothing is left over", async () => {
  const report = await run(undefined);
  expect(report.rows.filter(({ result }) => result !== "pass")).toEqual([]);
  expect(report.rows.map(({ name }) => name)).toEqual([
    "access",
    "queues",
    "prices",
    ...CHECKS.map(({ name }) => name),
    "gateway",
    "answers",
    "cost",
    "clean-up",
  ]);
  expect(report.neurons).toBeGreaterThan(0);
  expect(report.neurons).toBeLessThan(600);
  expect(await jobsLeft()).toEqual([]);
  const { objects } = await darkroom.bindings().MEDIA.list();
  // A deleted job is remembered by its id.
  expect(objects.map(({ key }) => key).filter((key) => !key.startsWith("system/"))).toEqual([]);
  expect(await (await darkroom.api("/v1/webhooks")).json()).toEqual({ webhooks: [] });
});

test("the command exits with 0, 1 or 130, never prints the key, and deletes what it made when it is interrupted", async () => {
  const env = { DARKROOM_URL: darkroom.origin(), DARKROOM_API_KEY: KEYS.operator };
  const fine = await command(["--only", "text"], env);
  expect(fine).toMatchObject({ code: 0, output: expect.stringMatching(/text +pass +\w+ \(0\.[^]*8 passed, 0 failed/) });
  const wrong = await command([], { ...env, DARKROOM_API_KEY: `${KEYS.operator}x` });
  expect(wrong).toMatchObject({ code: 1, output: expect.stringMatching(/access +FAIL +unauthorized/) });
  expect((await command(["--only", "nothing"], env)).code).toBe(2);
  // Without a consumer, a job waits until it is stopped.
  await darkroom.post("/v1/queues/classification/pause", {});
  const hasJob = until(jobsLeft, (ids) => ids.length > 0);
  const stopped = await command(["--only", "text"], env, hasJob);
  expect(stopped).toMatchObject({ code: 130, output: expect.stringMatching(/text +skipped +The run was interrupted/) });
  expect(await jobsLeft()).toEqual([]);
  for (const { output } of [fine, wrong, stopped]) expect(output).not.toContain(KEYS.operator);
});

test("on a busy Darkroom the run finds its own upload and dead letter among those of others", async () => {
  const busy: Double = async (url, { method }, next) => {
    if (url.pathname === "/v1/uploads" && method === "GET") return Response.json({ uploads: [] });
    if (url.pathname !== "/v1/dead-letters") return next();
    if (url.searchParams.get("cursor") === null) {
      const stranger = { id: "dl_other", jobId: "job_other", createdAt: new Date().toISOString() };
      return Response.json({ deadLetters: Array.from({ length: 100 }, () => stranger), nextCursor: "behind" });
    }
    url.searchParams.delete("cursor");
    return darkroom.api(`${url.pathname}${url.search}`);
  };
  const report = await run(["notification", "dead-letter"], busy);
  expect(report.rows.filter(({ result }) => result !== "pass")).toEqual([]);
});

test("jobs that others tagged like a run stay, and the remains of a killed run are deleted", async () => {
  const submit = async (...tags: string[]) => {
    const job = { kind: "classification", text: `what has the tags ${tags.join(" and ")}`, tags };
    return (await (await darkroom.post("/v1/jobs", job)).json<{ id: string }>()).id;
  };
  const others = [
    await submit("darkroom-smoke"),
    await submit("smokeabcdefghij"),
    await submit("darkroom-smoke", "smoke"),
  ];
  const left = await submit("darkroom-smoke", "smokeabcdefghij");
  const { DB } = darkroom.bindings();
  for (const table of ["jobs", "job_marks"]) {
    await DB.prepare(`UPDATE ${table} SET created_at = created_at - 7200000`).run();
  }
  expect(rowOf(await run(["browser-strangers"]), "clean-up")).toMatchObject({
    result: "pass",
    means: expect.stringContaining("1 jobs of earlier, killed runs are deleted too."),
  });
  expect((await jobsLeft()).toSorted()).toEqual(others.toSorted());
  expect((await darkroom.api(`/v1/jobs/${left}`)).status).toBe(404);
  for (const id of others) expect((await darkroom.api(`/v1/jobs/${id}`, { method: "DELETE" })).status).toBe(200);
});

test("a check that cannot run is skipped with its reason, and a deployed Darkroom sends the webhook to itself", async () => {
  const unsigned: Double = async ({ pathname }, _, next) =>
    pathname === "/v1/uploads/announce" ? Response.json(PRESIGN_UNAVAILABLE, { status: 501 }) : next();
  const { rows } = await run(["presigned", "multipart", "copies", "notification"], unsigned, { origin: undefined });
  const skipped = rows.filter(
    ({ result, name }) => result === "skipped" && CHECKS.some((check) => check.name === name),
  );
  expect(skipped.map(({ name, todo }) => [name, todo])).toEqual([
    ["presigned", expect.stringContaining("docs/uploads.md")],
    ["multipart", expect.stringContaining("docs/uploads.md")],
    ["copies", expect.stringContaining("docs/uploads.md")],
    ["notification", expect.stringContaining("docs/uploads.md")],
  ]);
  expect(rowOf(await run(["browser-pages"], undefined, { origin: undefined }), "browser-pages")).toMatchObject({
    result: "skipped",
    todo: expect.stringContaining("DARKROOM_ORIGIN"),
  });
  expect(rowOf(await run(["webhook"], undefined, { isLocal: false }), "webhook")).toMatchObject({
    result: "pass",
    means: expect.stringContaining("reached Darkroom's own address"),
  });
});

const PRESIGN_UNAVAILABLE = { type: "urn", title: "t", status: 501, detail: "d", code: "presign_unavailable" };
const AWAY = "https://darkroom-smoke.invalid";
const bytes = await media.picture.bytes();
const broken = (file: Blob, script: string) => new Blob([file, script], { type: file.type });
/** A job's view as the client reads it. */
const jobPath = /^\/v1\/jobs\/job_[^/]+$/;
type JobAnswer = { readonly attempts: readonly { readonly calls: readonly Record<string, unknown>[] }[] };

function withCalls({ attempts, ...job }: JobAnswer, edit: (call: Record<string, unknown>) => object) {
  return { ...job, attempts: attempts.map((attempt) => ({ ...attempt, calls: attempt.calls.map(edit) })) };
}

const without = (call: Record<string, unknown>, name: string) =>
  Object.fromEntries(Object.entries(call).filter(([field]) => field !== name));

interface Case {
  readonly name: string;
  readonly of: string;
  /** The checks to run. If left out, the line's own checks run. */
  readonly only?: readonly string[];
  readonly double?: Double;
  readonly options?: Partial<RunOptions>;
  /** Whether R2 sends notifications of new objects. */
  readonly announces?: boolean;
  /** The text in its meaning or in its advice. */
  readonly says: RegExp;
}

let calls = 0;
const CASES: readonly Case[] = [
  { name: "access", of: "a key nobody has", only: [], options: { key: KEYS.revoked }, says: /unauthorized/ },
  {
    name: "queues",
    of: "no figures",
    only: [],
    double: altering("GET", /^\/v1\/queues$/, (load: { queues: object[] }) => ({
      ...load,
      queues: load.queues.map((queue) => ({ ...queue, reason: "The platform did not answer for this queue." })),
    })),
    says: /no figures for uploads/,
  },
  { name: "prices", of: "too dear", only: ["picture"], options: { mostNeurons: 10 }, says: /Nothing was started/ },
  { name: "text", of: "a failing model", options: { media: { ...media, text: "error:5035" } }, says: /Workers Paid/ },
  {
    name: "picture-labels",
    of: "a picture nobody can read",
    options: { media: { ...media, picture: broken(media.picture, "error:3030") } },
    says: /undecodable_input/,
  },
  {
    name: "picture",
    of: "a result that is cut",
    double: async ({ pathname }, _init, next) =>
      pathname.includes("/artifacts/") ? new Response(bytes.subarray(0, 10)) : next(),
    says: /cannot be downloaded/,
  },
  {
    name: "picture-form",
    of: "a withdrawn model",
    double: sending(/^\/v1\/jobs$/, (job) => ({ ...job, prompt: "gone:klein" })),
    says: /model_withdrawn.*\n?.*Choose another model/s,
  },
  {
    name: "flux-2-dev-steps",
    of: "a model that gives up",
    double: sending(/^\/v1\/jobs$/, (job) => ({ ...job, prompt: "error:3010" })),
    says: /unsupported_audio/,
  },
  ...["speech-fast", "speech-balanced"].map((name) => ({
    name,
    of: "silence",
    options: { media: { ...media, speech: new Blob([speech("").fill(0, 44)], { type: "audio/wav" }) } },
    says: /transcript is empty/,
  })),
  {
    name: "speech",
    of: "no summary",
    double: altering("GET", jobPath, (job: { artifacts: { name: string }[] }) => ({
      ...job,
      artifacts: job.artifacts.filter(({ name }) => !name.startsWith("summary")),
    })),
    says: /without its summary/,
  },
  {
    name: "presigned",
    of: "wrong credentials",
    double: async (url, init, next) => (isPut(url, init) ? s3Error("SignatureDoesNotMatch", 403) : next()),
    says: /SignatureDoesNotMatch.*Set R2_ACCESS_KEY_ID/s,
  },
  {
    name: "multipart",
    of: "a bucket that knows no such condition",
    double: async (url, init, next) => (isPut(url, init) ? s3Error("NotImplemented", 501) : next()),
    says: /501 NotImplemented.*R2_COPY_CONDITION to "false"/s,
  },
  {
    name: "copies",
    of: "a bucket that copies",
    double: async (url, init, next) =>
      isPut(url, init) && new Headers(init.headers).has("x-amz-copy-source") ? new Response("") : next(),
    says: /DANGER.*R2_ACCESS_KEY_ID/s,
  },
  {
    name: "browser-strangers",
    of: "an API open to every page",
    double: async (_url, { method }, next) =>
      method === "OPTIONS" ? new Response(null, { headers: { "access-control-allow-origin": "*" } }) : next(),
    says: /CORS_ORIGINS/,
  },
  { name: "browser-pages", of: "a site not named", options: { origin: AWAY }, says: /Add https:.*CORS_ORIGINS/ },
  {
    name: "browser-pages",
    of: "a hidden ETag",
    double: async (url, init, next) => {
      const response = await next();
      if (!isPut(url, init)) return response;
      return new Response(response.body, { headers: { etag: response.headers.get("etag") ?? "" } });
    },
    says: /hide ETag.*--origin/s,
  },
  {
    name: "notification",
    of: "no rule",
    announces: false,
    options: { waits: { ...WAITS, notificationMs: 300 }, isLocal: false },
    says: /No notification.*notification list/s,
  },
  {
    name: "webhook",
    of: "a wrong signature",
    double: altering("POST", /^\/v1\/webhooks$/, (endpoint: object) => ({
      ...endpoint,
      secret: "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
    })),
    says: /wrong signature/,
  },
  {
    name: "webhook",
    of: "an endpoint that nobody reaches",
    double: sending(/^\/v1\/webhooks$/, (endpoint) => ({ ...endpoint, url: "http://127.0.0.1:9/" })),
    options: { waits: { ...WAITS, deliveryMs: 1500 } },
    says: /No webhook came: the delivery is (retrying|running|pending)/,
  },
  {
    name: "webhook",
    of: "a Worker that cannot call itself",
    double: sending(/^\/v1\/webhooks$/, (endpoint) => ({ ...endpoint, url: "http://127.0.0.1:9/" })),
    options: { isLocal: false },
    says: /did not come back.*1042/s,
  },
  {
    name: "search",
    of: "no words",
    double: altering("GET", /^\/v1\/search$/, (answer: object) => ({ ...answer, hits: [] })),
    options: { waits: { ...WAITS, indexMs: 300 } },
    says: /by words does not find/,
  },
  {
    name: "search",
    of: "no index of meanings",
    double: altering("GET", /^\/v1\/search$/, (answer: object) => ({ ...answer, degraded: "The index is silent." })),
    says: /The index is silent/,
  },
  {
    name: "search",
    of: "passages without metadata",
    double: altering("GET", /^\/v1\/search$/, (answer: { hits: object[] }) => ({
      ...answer,
      hits: answer.hits.map((hit) => ({ ...hit, foundBy: ["words"] })),
    })),
    options: { waits: { ...WAITS, indexMs: 300 } },
    says: /by meaning does not find.*list-metadata-index/s,
  },
  {
    name: "ask",
    of: "an answer in one piece",
    options: { media: { ...media, text: "tokens:1x0 A fine harbour." } },
    says: /in one piece/,
  },
  {
    name: "ask",
    of: "a model that another stands in for",
    options: { media: { ...media, text: "gone:granite A fine harbour." } },
    says: /llama-3.2-3b-instruct answered for the tiers 'fast' and 'balanced'/,
  },
  {
    name: "ask",
    of: "a model that fails",
    options: { media: { ...media, text: "then-error:3043 A fine harbour." } },
    says: /model_unavailable|model_failed/,
  },
  {
    name: "dead-letter",
    of: "a limit that does not hold",
    double: sending(/^\/v1\/jobs$/, (job) => ({ ...job, maxNeurons: 10 })),
    says: /completed, although it was not allowed/,
  },
  {
    name: "dead-letter",
    of: "a redrive that does nothing",
    double: async ({ pathname }, _init, next) =>
      pathname.endsWith("/redrive") ? Response.json({ id: "dl", jobId: null, redriven: true }) : next(),
    says: /failed again/,
  },
  {
    name: "overlap",
    of: "calls one after the other",
    double: altering("GET", jobPath, (job: JobAnswer) =>
      withCalls(job, (call) => ({ ...call, startedAt: new Date((calls += 60_000)).toISOString() })),
    ),
    says: /one after the other/,
  },
  {
    name: "gateway",
    of: "a model that goes past it",
    only: ["picture", "speech-fast"],
    double: altering("GET", jobPath, (job: JobAnswer) =>
      withCalls(job, (call) => (String(call["model"]).includes("tiny") ? without(call, "gatewayLogId") : call)),
    ),
    says: /whisper-tiny-en bypassed the gateway/,
  },
  {
    name: "answers",
    of: "another model in place of the one that is gone",
    only: ["speech"],
    options: { media: { ...media, speech: new Blob([speech("one gone:granite two")], { type: "audio/wav" }) } },
    says: /in place of @cf\/ibm-granite/,
  },
  {
    name: "answers",
    of: "a version that tells no shapes",
    only: ["text"],
    double: altering("GET", jobPath, (job: JobAnswer) => withCalls(job, (call) => without(call, "shape"))),
    says: /does not say in which shape .*distilbert/,
  },
  {
    name: "cost",
    of: "a price that has risen",
    only: ["text"],
    double: altering("GET", /\/receipt$/, (receipt: { total: object }) => ({
      ...receipt,
      total: { ...receipt.total, neurons: 700 },
    })),
    says: /700\.0 neurons/,
  },
  {
    name: "clean-up",
    of: "a deletion that deletes nothing",
    only: ["text"],
    double: async (_url, { method }, next) =>
      method === "DELETE" ? Response.json({ id: "job", source: "kept" }) : next(),
    says: /1 jobs of this run are still there/,
  },
];

test.runIf(IS_LONG)("each check fails when its subject is broken, and says what to do", async () => {
  // They run in parallel, because most of their time is waiting.
  const limit = pLimit(6);
  const judge = async ({ name, only = [name], double, options, announces, says }: Case) => {
    const row = rowOf(await run(only, double, options, announces), name);
    const said = `${row?.means}\n${row?.todo}`;
    return row?.result === "fail" && says.test(said) ? [] : [{ name, says, ...row }];
  };
  const wrong = await Promise.all(CASES.map((one) => limit(() => judge(one))));
  expect(wrong.flat()).toEqual([]);
  // The case in which deletion has no effect.
  expect(await jobsLeft()).toHaveLength(1);
});

test("every check is made to fail by some case", () => {
  const lines = [
    "access",
    "queues",
    "prices",
    ...CHECKS.map(({ name }) => name),
    "gateway",
    "answers",
    "cost",
    "clean-up",
  ];
  expect(lines.filter((line) => !CASES.some(({ name }) => name === line))).toEqual([]);
});
