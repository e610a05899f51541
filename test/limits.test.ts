import { expect, test } from "vitest";

import { FEW_REQUESTS, FEW_REQUESTS_A_MINUTE } from "./controlled.ts";
import { KEYS, startDarkroom } from "./harness.ts";
import { speech } from "./speech.ts";

const darkroom = startDarkroom({ [FEW_REQUESTS]: "true" });

async function make(limits: object): Promise<string> {
  const body = { label: "limited", scopes: ["jobs:read", "jobs:write"], ...limits };
  return (await (await darkroom.post("/v1/keys", body)).json<{ key: string }>()).key;
}

async function send(key: string, words: string): Promise<Response> {
  return darkroom.api("/v1/uploads?name=a.mp3", { method: "POST", body: speech(words), key });
}

function takenAndRefused(answers: readonly Response[]): number[] {
  return [201, 429].map((wanted) => answers.filter(({ status }) => status === wanted).length);
}

const codeOf = async (response: Response) => [response.status, (await response.json<{ code: string }>()).code];

test("a key that sends too many requests learns when to come back, and does not hold up others", async () => {
  const [key, other] = [await make({}), await make({})];
  const statuses: number[] = [];
  // Send more than the requests of two minutes, in case the minute changes during the test.
  for (let index = 0; index <= 2 * FEW_REQUESTS_A_MINUTE; index += 10) {
    const answers = await Promise.all(Array.from({ length: 10 }, () => darkroom.api("/v1/jobs", { key })));
    statuses.push(...answers.map(({ status }) => status));
    const refused = answers.find(({ status }) => status === 429);
    if (refused === undefined) continue;
    expect(refused.headers.get("retry-after")).toBe("60");
    expect(await refused.json()).toMatchObject({ code: "rate_limited" });
    break;
  }
  expect(statuses).toContain(429);
  expect(statuses.filter((status) => status === 200).length).toBeGreaterThanOrEqual(FEW_REQUESTS_A_MINUTE);
  expect((await darkroom.api("/v1/jobs", { key: other })).status).toBe(200);
});

test("a key that submits twenty jobs at once gets as many as it may have, and more when one ends", async () => {
  await darkroom.post("/v1/queues/classification/pause", {});
  const key = await make({ maxConcurrentJobs: 3 });
  const submit = async (text: string) => darkroom.post("/v1/jobs", { kind: "classification", text }, key);
  const answers = await Promise.all(Array.from({ length: 20 }, (_, index) => submit(`text ${index}`)));
  const taken = answers.filter(({ status }) => status === 201);
  expect(taken).toHaveLength(3);
  const refused = answers.find(({ status }) => status === 429)!;
  expect(refused.headers.get("retry-after")).toBe("10");
  expect(await codeOf(refused)).toEqual([429, "too_many_jobs"]);
  const { jobs } = await (await darkroom.api("/v1/jobs", { key: KEYS.operator })).json<{ jobs: unknown[] }>();
  expect(jobs).toHaveLength(3);
  // The limit does not apply to the owner's other keys.
  await darkroom.submit({ kind: "classification", text: "without a limit" });

  const { id } = await taken[0]!.json<{ id: string }>();
  await darkroom.api(`/v1/jobs/${id}/cancel`, { method: "POST", key });
  expect((await submit("one more")).status).toBe(201);
  expect((await submit("and another")).status).toBe(429);
});

test("uploads beyond the limit of jobs leave nothing in the bucket, however many come at once", async () => {
  await darkroom.post("/v1/queues/transcription/pause", {});
  const key = await make({ maxConcurrentJobs: 2, maxUploadBytesADay: 10_000_000 });
  const answers = await Promise.all(Array.from({ length: 8 }, (_, index) => send(key, `word ${index}`)));
  expect(takenAndRefused(answers)).toEqual([2, 6]);
  const { DB, MEDIA, UPLOADS } = darkroom.bindings();
  const { objects } = await MEDIA.list({ prefix: "inbox/", include: ["customMetadata"] });
  expect(objects).toHaveLength(2);
  const rows = DB.prepare("SELECT (SELECT count(*) FROM uploads) AS uploads, (SELECT bytes FROM key_days) AS bytes");
  expect(await rows.first()).toEqual({ uploads: 2, bytes: 2 * speech("word 0").length });

  // The event of an object that the API stored before it died without creating a job. It is counted like the others.
  await DB.prepare("DELETE FROM jobs").run();
  await DB.prepare("DELETE FROM uploads").run();
  for (const { key: name, size, etag } of objects) {
    const object = { key: name, size, eTag: etag };
    await UPLOADS.send({
      account: "0",
      action: "PutObject",
      bucket: "darkroom-media",
      object,
      eventTime: "2026-11-23T00:00:00.000Z",
    });
  }
  const count = async () => (await DB.prepare("SELECT count(*) AS n FROM jobs").first<number>("n")) ?? 0;
  while ((await count()) < 2) await new Promise((resolve) => setTimeout(resolve, 50));
  expect(await codeOf(await send(key, "word 9"))).toEqual([429, "too_many_jobs"]);
});

test("a key's bytes of a day are shared by uploads at once, given back when nothing was stored, and new at midnight", async () => {
  const sizeBytes = speech("one two").length;
  const key = await make({ maxUploadBytesADay: 3 * sizeBytes });
  const answers = await Promise.all(Array.from({ length: 6 }, () => send(key, "one two")));
  expect(takenAndRefused(answers)).toEqual([3, 3]);
  const refused = answers.find(({ status }) => status === 429)!;
  const seconds = Number(refused.headers.get("retry-after"));
  expect(seconds).toBeGreaterThan(0);
  expect(seconds).toBeLessThanOrEqual(86_400);
  expect(await codeOf(refused)).toEqual([429, "upload_allowance_used"]);
  // A file that is larger than the whole allowance fits on no day, so the refusal does not ask the client to wait.
  const tooLarge = await send(key, "one two three four five six seven eight");
  expect(tooLarge.headers.get("retry-after")).toBeNull();
  expect(await codeOf(tooLarge)).toEqual([413, "upload_too_large"]);
  // A file that is not media does not count against the day.
  expect((await darkroom.api("/v1/uploads?name=x.xyz", { method: "POST", body: "?", key })).status).toBe(415);

  await darkroom.bindings().DB.prepare("UPDATE key_days SET day = day - 1").run();
  expect((await send(key, "one two")).status).toBe(201);
  const left = await darkroom.bindings().DB.prepare("SELECT bytes FROM key_days").first<number>("bytes");
  expect(left).toBe(sizeBytes);
});

/** Send a recording to each dialect. @returns the statuses of their answers. */
async function doors(recording: Uint8Array, key: string): Promise<readonly number[]> {
  const boundary = "frontier";
  const form = (field: string) => ({
    headers: { "content-type": `multipart/form-data; boundary=${boundary}` },
    body: Buffer.concat([
      Buffer.from(`--${boundary}\r\ncontent-disposition: form-data; name="model"\r\n\r\nwhisper-1\r\n`),
      Buffer.from(`--${boundary}\r\ncontent-disposition: form-data; name="${field}"; filename="a.wav"\r\n\r\n`),
      recording,
      Buffer.from(`\r\n--${boundary}--\r\n`),
    ]),
  });
  const audio = `data:audio/wav;base64,${Buffer.from(recording).toString("base64")}`;
  const answers = [
    await darkroom.api("/openai/v1/audio/transcriptions", { method: "POST", key, ...form("file") }),
    await darkroom.post("/replicate/v1/predictions", { model: "openai/whisper", input: { audio } }, key),
    await darkroom.api("/replicate/v1/files", { method: "POST", key, ...form("content") }),
  ];
  return answers.map(({ status }) => status);
}

test("a key's limits of bytes and types apply in every dialect, and a refused file leaves nothing", async () => {
  const recording = speech("one two");
  expect(await doors(recording, await make({ maxUploadBytes: recording.length - 1 }))).toEqual([413, 413, 413]);
  const tooMuch = await make({ maxUploadBytesADay: recording.length - 1 });
  expect(await doors(recording, tooMuch)).toEqual([413, 413, 413]);
  const { DB: db } = darkroom.bindings();
  const used = await make({ maxUploadBytesADay: recording.length + 1 });
  const usedUp = `INSERT INTO key_days (key_id, day, bytes) SELECT id, unixepoch() / 86400, ?1 FROM api_keys ORDER BY created_at DESC LIMIT 1`;
  await db.prepare(usedUp).bind(recording.length).run();
  expect(await doors(recording, used)).toEqual([429, 429, 429]);
  await db.prepare("DELETE FROM key_days").run();
  // The bytes of a file decide its type, and they are read when a job is made of it.
  const pictures = await make({ contentTypes: ["image/"], maxUploadBytesADay: 10 * recording.length });
  expect(await doors(recording, pictures)).toEqual([400, 422, 201]);
  const { MEDIA } = darkroom.bindings();
  expect(await db.prepare("SELECT count(*) AS n FROM jobs").first("n")).toBe(0);
  expect(await db.prepare("SELECT bytes FROM key_days").first("bytes")).toBe(recording.length);
  expect((await MEDIA.list({ prefix: "files/" })).objects).toHaveLength(1);
});

test("bytes that the bucket does not store are given back to the key's day, on every way in", async () => {
  const recording = speech("one two");
  const key = await make({ contentTypes: ["audio/"], maxUploadBytesADay: 100 * recording.length });
  const { DB, MEDIA } = darkroom.bindings();
  // This is more than R2 accepts as an object's metadata, and more than POST /v1/keys allows.
  const types = JSON.stringify(["audio/", "x".repeat(9000)]);
  await DB.prepare("UPDATE api_keys SET content_types = ?1 WHERE content_types IS NOT NULL").bind(types).run();
  expect(await doors(recording, key)).toEqual([500, 422, 500]);
  expect((await MEDIA.list({ prefix: "files/" })).objects).toHaveLength(0);
  expect(await DB.prepare("SELECT bytes FROM key_days").first("bytes")).toBe(0);
});

test("a limit costs one row a job, and a job of a key without one none", async () => {
  const { DB } = darkroom.bindings();
  const columns = "(id, owner_id, kind, state, input, created_at, limited_key)";
  const rowsOf = async (id: string, key: string | null) => {
    const insert = DB.prepare(`INSERT INTO jobs ${columns} VALUES (?1, 'o', 'classification', 'queued', '{}', 0, ?2)`);
    const inserted = await insert.bind(id, key).run();
    const ended = await DB.prepare("UPDATE jobs SET state = 'cancelled', finalized_at = 1 WHERE id = ?1")
      .bind(id)
      .run();
    return inserted.meta.rows_written + ended.meta.rows_written;
  };
  expect((await rowsOf("limited", "k")) - (await rowsOf("free", null))).toBe(1);
});
