// The cost of a job before it runs. The request leaves nothing behind.
import { createHash } from "node:crypto";

import { expect, test } from "vitest";

import { writeWav } from "../shared/audio/wav/write-wav.ts";
import { KEYS, startDarkroom } from "./harness.ts";
import { speech } from "./speech.ts";

const darkroom = startDarkroom();

interface Priced {
  readonly estimate: {
    readonly neurons: number;
    readonly microUsd: number;
    readonly calls: number;
    readonly isRough: boolean;
    readonly lines: readonly {
      readonly task: string;
      readonly model: string;
      readonly units: Record<string, number>;
    }[];
  };
  readonly free: { readonly used: number; readonly left: number | null; readonly resetsAt: string };
}

async function price(body: unknown, key?: string): Promise<Priced> {
  const response = await darkroom.post("/v1/jobs/estimate", body, key);
  expect(response.status).toBe(200);
  return response.json<Priced>();
}

/** Return everything that a request could leave behind. */
async function traces(): Promise<unknown> {
  const { DB, MEDIA } = darkroom.bindings();
  const tables = ["jobs", "tasks", "uploads", "idempotency_keys", "job_marks", "audit", "usage_days"];
  const counts = await DB.batch(tables.map((table) => DB.prepare(`SELECT count(*) AS count FROM ${table}`)));
  const { objects } = await MEDIA.list();
  return { counts: counts.map(({ results }) => results), objects: objects.map(({ key, etag }) => [key, etag]) };
}

/** Return a tone of this many seconds, which has no quiet place. */
function tone(seconds: number, rate = 8000): Uint8Array<ArrayBuffer> {
  const samples = Float32Array.from({ length: seconds * rate }, (_, index) => 0.3 * Math.sin(index / 9));
  return new Uint8Array(writeWav([samples], rate));
}

async function put(key: string, body: Uint8Array, owner = "operator"): Promise<string> {
  await darkroom.bindings().MEDIA.put(key, body, { customMetadata: { owner } });
  return key;
}

test("pictures are priced by tiles and steps, texts by tokens, photographs by the piece", async () => {
  const picture = await price({ kind: "image_generation", prompt: "a harbour", options: { steps: 8 } });
  // 4 tiles × (4.80 + 9.60 × 8 steps), at $0.011 a thousand.
  expect(picture.estimate).toMatchObject({
    neurons: expect.closeTo(326.4, 9) as number,
    microUsd: 3590.4,
    calls: 1,
    isRough: false,
    lines: [{ task: "generate_image", units: { tiles: 4, steps: 8 } }],
  });
  const wide = { model: "flux-2-klein-4b", width: 1025, height: 512 };
  // One pixel more than two tiles makes a third tile.
  expect((await price({ kind: "image_generation", prompt: "a harbour", options: wide })).estimate.neurons).toBeCloseTo(
    3 * 26.05,
    9,
  );
  const text = await price({ kind: "classification", text: "x".repeat(401) });
  expect(text.estimate).toMatchObject({ isRough: true, lines: [{ units: { inputTokens: 101 } }] });
  const photo = await put("photo.jpg", Uint8Array.of(0xff, 0xd8, 0xff, 0xe0, ...Array<number>(60).fill(1)));
  expect((await price({ kind: "classification", source: photo })).estimate.neurons).toBeCloseTo(0.228055, 9);
});

test("a recording is priced by its length, overlaps included, and a job says what its dry run said", async () => {
  // With two cuts, 130 s are sent, and five seconds at each cut are sent twice.
  const source = await put("long.wav", tone(130));
  const { estimate } = await price({ kind: "transcription", source });
  expect(estimate).toMatchObject({ calls: 3, isRough: false });
  expect(estimate.lines).toMatchObject([{ task: "transcribe_chunk", units: { audioSeconds: 140 } }]);
  expect(estimate.neurons).toBeCloseTo((140 * 46.63) / 60, 9);
  const job = await darkroom.untilJob((await darkroom.submit({ kind: "transcription", source })).id);
  expect(job.estimate).toEqual(estimate);
  expect(job.attempts.filter(({ calls }) => calls.length > 0)).toHaveLength(3);
});

test("a short recording's job knows its price at once, a longer one's when its headers were read", async () => {
  const short = await darkroom.upload({ name: "a.wav" }, speech("zero one two"));
  expect(short.estimate).toMatchObject({ calls: 1, isRough: false, lines: [{ task: "transcribe" }] });
  // Three reads are one too many for a submission: the places to cut are after the first megabyte.
  const long = await darkroom.upload({ name: "b.wav" }, tone(130, 16_000));
  expect(long.estimate).toBeNull();
  const { estimate } = await darkroom.untilJob(long.id);
  expect(estimate).toMatchObject({ calls: 3, lines: [{ task: "transcribe_chunk" }] });
});

test("the job of an announced object has its estimate too, even if the call to complete it fails", async () => {
  const failing = await darkroom.putAndAnnounce("inbox/a.wav", speech("error:3010 no"));
  const id = `job_${createHash("sha256")
    .update(JSON.stringify(["MEDIA", "inbox/a.wav", failing.etag]))
    .digest("hex")
    .slice(0, 32)}`;
  const job = await darkroom.untilJob(id);
  expect(job).toMatchObject({ state: "failed", estimate: { calls: 1, lines: [{ task: "transcribe" }] } });
});

test("a dry run leaves nothing: no job, no key, no object", async () => {
  const source = await put("inbox/note.wav", speech("zero one two"));
  const before = await traces();
  const headers = { "idempotency-key": "dry", prefer: "wait=5" };
  const request = { kind: "transcription", source, tags: ["a"] };
  for (let run = 0; run < 2; run += 1) {
    const body = JSON.stringify(request);
    expect((await darkroom.api("/v1/jobs/estimate", { method: "POST", body, headers })).status).toBe(200);
  }
  const batch = { jobs: [request, { kind: "none" }, { kind: "image_generation", prompt: "a harbour" }] };
  const answer = await darkroom.post("/v1/jobs/batch/estimate", batch);
  expect(await answer.json()).toMatchObject({
    results: [
      { status: 200, estimate: { calls: 1 } },
      { status: 422 },
      { estimate: { neurons: expect.closeTo(172.8) as number } },
    ],
  });
  expect(await traces()).toEqual(before);
  // The idempotency key can be used for the real request.
  const real = await darkroom.api("/v1/jobs", { method: "POST", body: JSON.stringify(request), headers });
  expect(real.status).toBe(201);
});

test("a dry run says why a job would be refused or could not be transcribed, instead of a price", async () => {
  const refusals: [unknown, string][] = [
    [{ kind: "transcription", source: "none" }, "source_not_found"],
    [{ kind: "transcription", source: await put("theirs.wav", tone(1), "ben") }, "source_not_found"],
    [{ kind: "transcription", source: await put("broken.wav", tone(1).slice(0, 40)) }, "unsupported_media"],
    [{ kind: "image_generation" }, "invalid_request"],
  ];
  for (const [body, code] of refusals) {
    const response = await darkroom.post("/v1/jobs/estimate", body);
    expect([body, (await response.json<{ code: string }>()).code]).toEqual([body, code]);
  }
  const hurried = "name=a.wav&latencyBudgetMs=1";
  const upload = await darkroom.api(`/v1/uploads/estimate?${hurried}`, { method: "POST", body: tone(1) });
  expect((await upload.json<{ code: string }>()).code).toBe("impossible_latency_budget");
  for (const query of ["dryRun=maybe", "dryRun=1", "dryrun=true"]) {
    const response = await darkroom.post(`/v1/jobs?${query}`, { kind: "classification", text: "a" });
    expect([query, response.status]).toEqual([query, 422]);
  }
  await expect((await darkroom.api("/v1/jobs")).json()).resolves.toMatchObject({ jobs: [] });
});

test("only the operator learns how many of the account's free neurons are left", async () => {
  const done = await darkroom.submit({ kind: "image_generation", prompt: "an unpriced harbour" }, KEYS.other);
  await darkroom.untilJob(done.id, undefined, KEYS.other);
  const request = { kind: "classification", text: "a" };
  expect((await price(request)).free).toMatchObject({
    used: expect.closeTo(172.8) as number,
    left: expect.closeTo(9827.2) as number,
  });
  const other = await price(request, KEYS.other);
  expect(other.free).toMatchObject({ used: expect.closeTo(172.8) as number, left: null });
  expect(new Date(other.free.resetsAt).getUTCHours()).toBe(0);
});

test("steps are priced with the job, by the length of what they will read", async () => {
  const text = await price({ kind: "classification", text: "word ".repeat(1000), then: ["summarise", "embed"] });
  expect(text.estimate).toMatchObject({
    calls: 3,
    isRough: true,
    lines: [
      { task: "classify" },
      {
        task: "summarise",
        model: "@cf/ibm-granite/granite-4.0-h-micro",
        units: { inputTokens: 1450, outputTokens: 150 },
      },
      { task: "embed", model: "@cf/baai/bge-m3", units: { inputTokens: 1250 } },
    ],
  });
  const picture = await price({ kind: "image_generation", prompt: "a boat", then: ["describe"] });
  expect(picture.estimate.lines).toMatchObject([{ task: "generate_image" }, { task: "describe" }]);

  // Ten minutes: 2,100 tokens.
  const source = await put("long.wav", tone(600));
  const heard = await price({ kind: "transcription", source, then: ["summarise"] });
  expect(heard.estimate.lines.at(-1)).toMatchObject({ task: "summarise", units: { inputTokens: 2300 } });
  const query = "name=long.wav&then=summarise&then=describe";
  const wrong = await darkroom.api(`/v1/uploads/estimate?${query}`, { method: "POST", body: tone(1) });
  expect([wrong.status, await wrong.json()]).toMatchObject([422, { issues: [{ path: "then" }] }]);
  const file = await darkroom.api("/v1/uploads/estimate?name=long.wav&then=summarise", {
    method: "POST",
    body: tone(600),
  });
  expect((await file.json<Priced>()).estimate.lines).toMatchObject([{}, { task: "summarise" }]);
});

test("the query that asked for a dry run before still answers the same, and names the operation that has replaced it", async () => {
  const source = await put("inbox/kept.wav", speech("zero one two"));
  const work = JSON.stringify({ kind: "transcription", source });
  const batch = JSON.stringify({ jobs: [JSON.parse(work), { kind: "none" }] });
  const pairs: [old: string, path: string, body: string | Uint8Array<ArrayBuffer>][] = [
    ["/v1/jobs?dryRun=true", "/v1/jobs/estimate", work],
    ["/v1/jobs/batch?dryRun=true", "/v1/jobs/batch/estimate", batch],
    [
      "/v1/uploads?name=a.wav&sizeBytes=900000&dryRun=true",
      "/v1/uploads/estimate?name=a.wav&sizeBytes=900000",
      tone(1),
    ],
  ];
  const before = await traces();
  for (const [old, path, body] of pairs) {
    // A dry run has never taken the key.
    const headers = { "idempotency-key": "kept" };
    const was = await darkroom.api(old, { method: "POST", body, headers });
    expect(was.headers.get("deprecation")).toMatch(/^@\d+$/);
    expect(was.headers.get("link")).toBe(`<${path.split("?")[0]}>; rel="successor-version"`);
    const is = await darkroom.api(path, { method: "POST", body });
    expect([was.status, is.status, is.headers.get("deprecation")]).toEqual([200, 200, null]);
    expect(await is.json()).toEqual(await was.json());
  }
  expect(await traces()).toEqual(before);
});
