// Replicate's own SDK, unmodified, against the whole product.
import type Replicate from "replicate";
import { type Prediction, validateWebhook } from "replicate";
import { beforeEach, expect, test } from "vitest";

import { fetchMedia } from "../producer/replicate/fetch-media.ts";
import { replicate } from "./dialects.ts";
import { KEYS, OWN_SECRETS, startDarkroom } from "./harness.ts";
import { startReceiver } from "./receiver.ts";
import { speech } from "./speech.ts";

// The SDKs call a host that is not this machine.
const darkroom = startDarkroom(OWN_SECRETS);
let client: Replicate;
beforeEach(() => {
  client = replicate(darkroom);
});

const FLUX = "black-forest-labs/flux-schnell";
const hasEnded = ({ status }: Prediction) => ["succeeded", "failed", "canceled"].includes(status);

/** Return the answer with which a call was refused. */
async function refusal(call: Promise<unknown>): Promise<{ status: number; title: string; detail: string }> {
  const error: unknown = await call.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof Error) || error.name !== "ApiError")
    throw new Error(`expected an ApiError, got ${String(error)}`);
  const [, body = ""] = / (\{.*\})\.$/s.exec(error.message) ?? [];
  return JSON.parse(body) as { status: number; title: string; detail: string };
}

test("run turns a Buffer into a transcript", async () => {
  const output = await client.run("openai/whisper", {
    input: { audio: Buffer.from(speech("zero one two")), language: "en" },
  });
  expect(output).toMatchObject({ detected_language: "english", transcription: "zero one two", translation: null });
  expect(output).toHaveProperty("segments.0.end", 1.4);
  const { jobs } = await (await darkroom.api("/v1/jobs")).json<{ jobs: { id: string }[] }>();
  expect(await darkroom.readJob(jobs[0]!.id)).toMatchObject({
    input: { options: { tier: "accurate", language: "en" } },
  });
});

test("run draws a picture that its caller can read without a key", async () => {
  const output = (await client.run(FLUX, { input: { prompt: "a boat", num_inference_steps: 4 } })) as Blob[];
  expect(output).toHaveLength(1);
  const picture = await (output[0] as unknown as { blob(): Promise<Blob> }).blob();
  expect(
    Buffer.from(await picture.arrayBuffer())
      .subarray(0, 3)
      .toString("hex"),
  ).toBe("ffd8ff");
  const [link] = (await replicate(darkroom, { useFileOutput: false }).run(FLUX, {
    input: { prompt: "a boat" },
  })) as string[];
  expect(link).toMatch(
    /^https:\/\/darkroom\.test\/signed\/jobs\/job_\w+\/artifacts\/image\.jpg\?expires=\d+&signature=/,
  );
  expect((await darkroom.modelCalls()).calls["a boat"]).toBe(2);
});

test("run labels a picture and a text; a data: URI is a file like any other", async () => {
  const pixel =
    "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";
  const labels = await client.run("darkroom/resnet-50", { input: { image: pixel, top_k: 1 } });
  expect(labels).toEqual([{ label: "horse", score: 0.7 }]);
  const { results } = await client.predictions.list();
  expect(results[0]!.input).toEqual({ image: expect.stringMatching(/\/replicate\/v1\/files\/file_/), top_k: 1 });
  const mood = await client.run("darkroom/distilbert-sst-2-int8", { input: { text: "lovely" } });
  expect(mood).toHaveLength(3);
});

test("a prediction has Replicate's shape from its start to its end", async () => {
  const started = await client.predictions.create({ model: FLUX, input: { prompt: "sleep:700 boat", go_fast: true } });
  expect(started).toMatchObject({
    model: FLUX,
    version: "hidden",
    status: "starting",
    input: { prompt: "sleep:700 boat", go_fast: true },
    output: null,
    error: null,
    source: "api",
    data_removed: false,
    urls: { get: expect.stringContaining(started.id), cancel: expect.stringMatching(/\/cancel$/) },
  });
  const ended = await client.wait(started, { interval: 50 });
  expect(ended).toMatchObject({ id: started.id, status: "succeeded", logs: expect.stringContaining("attempt 1") });
  expect(ended.metrics?.predict_time).toBeGreaterThan(0.5);
  expect(Date.parse(ended.completed_at!)).toBeGreaterThan(Date.parse(ended.created_at));
  expect(await client.predictions.get(started.id)).toMatchObject({ status: "succeeded" });
  expect((await darkroom.readJob(started.id)).state).toBe("completed");
});

test("a call waits for as long as it prefers, and what has not ended by then is starting", async () => {
  const slow = await client.predictions.create({ model: FLUX, input: { prompt: "sleep:4000 boat" }, wait: 1 });
  // The SDK's `run` treats any other status as the end.
  expect(slow.status).toBe("starting");
  const quick = await client.predictions.create({ model: FLUX, input: { prompt: "quick boat" }, wait: true });
  expect(quick.status).toBe("succeeded");
  const output = await client.run(FLUX, { input: { prompt: "sleep:2500 boats" }, wait: { mode: "block", timeout: 1 } });
  expect(output).toHaveLength(1);
  await client.wait(slow, {});
});

test("a prediction is cancelled once, and what has ended stays as it is", async () => {
  const { id } = await client.predictions.create({ model: FLUX, input: { prompt: "error:3043 boat" } });
  const cancelled = await client.predictions.cancel(id);
  expect(cancelled).toMatchObject({ id, status: "canceled", output: null });
  expect((await darkroom.readJob(id)).state).toBe("cancelled");
  const done = await client.predictions.create({ model: FLUX, input: { prompt: "boat" }, wait: true });
  expect(await client.predictions.cancel(done.id)).toMatchObject({ status: "succeeded" });
});

test("a failed prediction has the reason", async () => {
  await expect(client.run(FLUX, { input: { prompt: "error:5016 boat" } })).rejects.toThrow(
    /^Prediction failed: .*scripted/s,
  );
  const { results } = await client.predictions.list();
  expect(results[0]).toMatchObject({ status: "failed", error: expect.stringContaining("scripted") });
});

test("predictions are listed in pages without gap or repeat, and only to their owner", async () => {
  const { DB } = darkroom.bindings();
  const rows = JSON.stringify(Array.from({ length: 230 }, (_, at) => ({ id: `job_${at}`, at: Math.floor(at / 2) })));
  await DB.batch([
    DB.prepare(
      `INSERT INTO jobs (id, owner_id, kind, state, input, created_at, finalized_at)
       SELECT value ->> 'id', 'operator', 'image_generation', 'cancelled', '{}', value ->> 'at', 1 FROM json_each(?1)`,
    ).bind(rows),
    DB.prepare(
      `INSERT INTO predictions (job_id, owner_id, created_at, model, input, key_id, events, origin)
       SELECT value ->> 'id', 'operator', value ->> 'at', 'black-forest-labs/flux-schnell', '{}', 'operator', '[]', '' FROM json_each(?1)`,
    ).bind(rows),
  ]);
  const seen: string[] = [];
  for await (const page of client.paginate(() => client.predictions.list())) seen.push(...page.map(({ id }) => id));
  expect(seen).toHaveLength(230);
  expect(new Set(seen).size).toBe(230);
  const other = replicate(darkroom, { auth: KEYS.other });
  expect((await other.predictions.list()).results).toEqual([]);
  expect(await refusal(other.predictions.get("job_0"))).toMatchObject({ status: 404 });
  expect(await refusal(other.predictions.cancel("job_0"))).toMatchObject({ status: 404 });
});

test("a file is kept for its owner, with its checksum, until it is deleted", async () => {
  const file = await client.files.create(new Blob(["hello"], { type: "text/plain" }), { album: "x" });
  expect(file).toMatchObject({
    content_type: "text/plain",
    size: 5,
    metadata: { album: "x" },
    checksums: { sha256: "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824" },
  });
  expect(await client.files.get(file.id)).toEqual(file);
  const other = replicate(darkroom, { auth: KEYS.other });
  expect(await refusal(other.files.get(file.id))).toMatchObject({ status: 404 });
  const theirs = other.predictions.create({ model: "openai/whisper", input: { audio: file.urls.get } });
  expect(await refusal(theirs)).toMatchObject({ status: 422, title: "Input validation failed" });
  const text = client.predictions.create({ model: "openai/whisper", input: { audio: file.urls.get } });
  expect(await refusal(text)).toMatchObject({ status: 422, detail: expect.stringMatching(/^- input\.audio: /) });
  await darkroom.maintain(new Date(Date.now() + 29 * 86_400_000));
  expect(await client.files.get(file.id)).toEqual(file);
  expect(await client.files.delete(file.id)).toBe(true);
  expect(await refusal(client.files.get(file.id))).toMatchObject({ status: 404 });
  const old = await client.files.create(Buffer.from("old"));
  await darkroom.maintain(new Date(Date.now() + 31 * 86_400_000));
  expect(await refusal(client.files.get(old.id))).toMatchObject({ status: 404 });
});

test("a file whose type is longer than any is stored without one", async () => {
  const file = await client.files.create(new Blob(["hello"], { type: `text/${"x".repeat(9000)}` }));
  expect(file).toMatchObject({ content_type: "application/octet-stream", size: 5 });
});

test("a wrong request is refused in Replicate's shape, field by field, and nothing is stored", async () => {
  expect(await refusal(replicate(darkroom, { auth: "r8_nobody" }).predictions.list())).toMatchObject({
    status: 401,
    title: "Unauthenticated",
  });
  const create = (model: string, input: object, more: object = {}) =>
    refusal(client.predictions.create({ model, input, ...more }));
  expect(await create("stability-ai/sdxl", { prompt: "x" })).toMatchObject({ status: 404 });
  for (const [model, input, field] of [
    [FLUX, {}, "input.prompt"],
    [FLUX, { prompt: "x", num_outputs: 5 }, "input.num_outputs"],
    [FLUX, { prompt: "x", aspect_ratio: "4:1" }, 'input.aspect_ratio: "4:1" is not offered'],
    [FLUX, { prompt: "x", seed: -1 }, "input.seed"],
    ["black-forest-labs/flux-dev", { prompt: "x", image: "https://example.com/a.png" }, "input.image"],
    ["black-forest-labs/flux-2-klein-4b", { prompt: "x", num_inference_steps: 9 }, "input.num_inference_steps"],
    ["black-forest-labs/flux-2-dev", { prompt: "x", aspect_ratio: "1:1", width: 512 }, "input.width"],
    [FLUX, { prompt: "x", num_inference_steps: 50 }, "input.num_inference_steps"],
    ["openai/whisper", { audio: "http://example.com/a.mp3" }, "input.audio"],
    ["openai/whisper", { audio: "https://127.0.0.1/a.mp3" }, "input.audio"],
    ["openai/whisper", { audio: "https://[::1]/a.mp3" }, "input.audio"],
    ["openai/whisper", { audio: "https://user:pass@example.com/a.mp3" }, "input.audio"],
    ["openai/whisper", { audio: "data:audio/wav;base64,???" }, "input.audio"],
    ["openai/whisper", { audio: "data:text/plain,hello" }, "input.audio"],
    ["openai/whisper", { audio: "data:,", model: "base" }, 'input.model: "base" is not offered'],
    ["openai/whisper", { audio: "data:,", best_of: 5 }, "input"],
    ["darkroom/whisper", { audio: "data:,", language: "en" }, "input.language"],
  ] as const) {
    const { status, detail } = await create(model, input);
    const named = detail.split("\n").filter((line) => line.startsWith(`- ${field}`));
    expect([status, field, named.length, detail]).toEqual([422, field, 1, detail]);
  }
  const webhook = await create(FLUX, { prompt: "x" }, { webhook: "https://user:pass@example.com/hook" });
  expect(webhook).toMatchObject({ status: 422, detail: expect.stringContaining("- webhook: ") });
  const early = { webhook: "https://example.com/hook", webhook_events_filter: ["start"] };
  expect(await create(FLUX, { prompt: "x" }, early)).toMatchObject({
    status: 422,
    detail: expect.stringContaining("- webhook_events_filter: "),
  });
  expect(await refusal(client.trainings.list())).toMatchObject({ status: 404 });
  expect((await client.predictions.list()).results).toEqual([]);
  expect((await darkroom.bindings().MEDIA.list()).objects).toEqual([]);
});

test("the version of Replicate's own example, its defaults, and the old form of the token", async () => {
  const response = await darkroom.raw("https://darkroom.test/replicate/v1/predictions", {
    method: "POST",
    headers: { authorization: `Token ${KEYS.operator}`, prefer: "wait" },
    body: JSON.stringify({
      version: "openai/whisper:8099696689d249cf8b122d833c36ac3f75505c666a395ca40ef26f68e7d3d16e",
      input: {
        audio: `data:audio/wav;base64,${Buffer.from(speech("eins zwei")).toString("base64")}`,
        language: "auto",
        translate: true,
        temperature: 0,
        transcription: "srt",
        suppress_tokens: "-1",
        logprob_threshold: -1,
        no_speech_threshold: 0.6,
        condition_on_previous_text: true,
        compression_ratio_threshold: 2.4,
        temperature_increment_on_fallback: 0.2,
      },
    }),
  });
  expect(response.status).toBe(201);
  const prediction = await response.json<Prediction>();
  expect(hasEnded(prediction)).toBe(true);
  expect(prediction.output).toMatchObject({ transcription: "", translation: expect.stringMatching(/^1\n00:00/) });
});

test("models are listed and looked up", async () => {
  const { results } = await client.models.list();
  expect(results.map(({ owner, name }) => `${owner}/${name}`)).toContain(FLUX);
  expect(await client.models.get("openai", "whisper")).toMatchObject({ owner: "openai", name: "whisper" });
  expect(await refusal(client.models.get("openai", "clip"))).toMatchObject({ status: 404 });
});

test("a file from an address: no redirect, no endless body, only the stated length", async () => {
  const answer = (body: BodyInit | null, init: ResponseInit = {}) =>
    (async () => new Response(body, init)) as typeof fetch;
  const get = (fetcher: typeof fetch) => fetchMedia("https://example.com/a.mp3", fetcher);
  expect(await get(answer("abc", { headers: { "content-length": "3", "content-type": "audio/mpeg" } }))).toMatchObject({
    ok: true,
    incoming: { sizeBytes: 3, contentType: "audio/mpeg" },
  });
  expect(await get(answer("abc"))).toMatchObject({
    ok: true,
    incoming: { sizeBytes: 3, body: expect.any(Uint8Array) },
  });
  const packed = { "content-length": "3", "content-encoding": "gzip" };
  expect(await get(answer("abcdef", { headers: packed }))).toMatchObject({ incoming: { sizeBytes: 6 } });
  const away = { status: 302, headers: { location: "http://169.254.169.254/" } };
  expect(await get(answer(null, away))).toMatchObject({ ok: false, reason: expect.stringContaining("redirects") });
  expect(await get(answer("gone", { status: 404 }))).toMatchObject({ ok: false });
  expect(await get(answer("x", { headers: { "content-length": "100000001" } }))).toMatchObject({ ok: false });
  let sent = 0;
  const endless = new ReadableStream({
    pull: (controller) => {
      sent += 1;
      controller.enqueue(new Uint8Array(1_000_000));
    },
  });
  expect(await get(answer(endless))).toMatchObject({ ok: false });
  expect(sent).toBeLessThan(40);
});

test("a prediction's webhook gets its end once, in Replicate's shape, signed as the SDK requires", async () => {
  const receiver = await startReceiver();
  try {
    const { key } = await client.webhooks.default.secret.get();
    const ended: Prediction[] = [];
    for (const [path, model, input] of [
      ["/picture", FLUX, { prompt: "a boat" }],
      ["/voice", "openai/whisper", { audio: Buffer.from(speech("zero one")) }],
      ["/failed", FLUX, { prompt: "error:5016 boat" }],
    ] as const) {
      await client.predictions.create({
        model,
        input,
        webhook: `${receiver.url}${path}`,
        webhook_events_filter: ["completed"],
      });
      const [told, ...more] = await receiver.untilReceived(path, 1);
      expect(more).toEqual([]);
      const headers = told!.headers as Record<string, string>;
      expect(headers["webhook-id"]).toMatch(/^whd_[0-9a-f]+_\d{13}_prediction$/);
      expect(await validateWebhook({ ...told!, headers } as never, key as never)).toBe(true);
      ended.push(JSON.parse(told!.body) as Prediction);
    }
    expect(ended.map(({ status }) => status)).toEqual(["succeeded", "succeeded", "failed"]);
    expect(ended[0]!.output).toEqual([expect.stringContaining("/signed/jobs/")]);
    expect(ended[1]!.output).toMatchObject({ transcription: "zero one" });
  } finally {
    await receiver.close();
  }
});
