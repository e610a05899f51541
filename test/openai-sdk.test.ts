// OpenAI's own SDK, unmodified, against the whole product.
import type OpenAI from "openai";
import {
  APIError,
  APIUserAbortError,
  AuthenticationError,
  BadRequestError,
  InternalServerError,
  NotFoundError,
  toFile,
} from "openai";
import { beforeEach, expect, test } from "vitest";

import { unfinished } from "../producer/openai/await-jobs.ts";
import { openAi } from "./dialects.ts";
import { KEYS, OWN_SECRETS, startDarkroom } from "./harness.ts";
import { speech } from "./speech.ts";

// The SDKs call a host that is not this machine.
const darkroom = startDarkroom(OWN_SECRETS);
let client: OpenAI;
beforeEach(() => {
  client = openAi(darkroom);
});

const recording = (text = "zero one two three") => toFile(speech(text), "voice.wav", { type: "audio/wav" });

/** Return the error of a call. */
async function errorOf(call: Promise<unknown>): Promise<APIError> {
  const error: unknown = await call.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  if (error instanceof APIError) return error;
  throw new Error(`expected an APIError, got ${String(error)}`);
}

test("a recording is transcribed as json, and is a job like any other", async () => {
  const { data, response } = await client.audio.transcriptions
    .create({ file: await recording(), model: "whisper-1", language: "en", prompt: "numbers", temperature: 0 })
    .withResponse();
  expect(data).toEqual({ text: "zero one two three", usage: { type: "duration", seconds: 2 } });
  const job = await darkroom.readJob(response.headers.get("x-darkroom-job")!);
  expect(job).toMatchObject({
    kind: "transcription",
    state: "completed",
    input: { options: { tier: "accurate", language: "en", initialPrompt: "numbers" } },
  });
});

test("text, srt and vtt come as strings", async () => {
  const ask = async (response_format: "text" | "srt" | "vtt") =>
    client.audio.transcriptions.create({ file: await recording(), model: "whisper-1", response_format });
  expect(await ask("text")).toBe("zero one two three\n");
  expect(await ask("srt")).toMatch(/^1\n00:00:00,000 --> 00:00:\d\d,\d{3}\nzero one two three\n/);
  expect(await ask("vtt")).toMatch(/^WEBVTT\n\n00:00:00\.000 --> /);
});

test("verbose_json has segments, and words where they are asked for", async () => {
  const segments = await client.audio.transcriptions.create({
    file: await recording(),
    model: "@cf/openai/whisper-large-v3-turbo",
    response_format: "verbose_json",
  });
  expect(segments).toMatchObject({ task: "transcribe", language: "english", text: "zero one two three" });
  expect(segments.duration).toBeGreaterThan(1.8);
  expect(segments.words).toBeUndefined();
  expect(segments.segments).toEqual([
    {
      id: 0,
      seek: 0,
      start: 0,
      end: 1.9,
      text: "zero one two three",
      tokens: [],
      temperature: 0,
      avg_logprob: 0,
      compression_ratio: 0,
      no_speech_prob: 0,
    },
  ]);
  const words = await client.audio.transcriptions.create({
    file: await recording(),
    model: "fast",
    response_format: "verbose_json",
    timestamp_granularities: ["word"],
  });
  expect(words.segments).toBeUndefined();
  expect(words.words?.map(({ word }) => word)).toEqual(["zero", "one", "two", "three"]);
  expect(words.words?.[2]).toEqual({ word: "two", start: 1, end: 1.4 });
});

test("a recording is translated in every format", async () => {
  const translate = async (response_format: "json" | "text" | "srt" | "vtt" | "verbose_json") =>
    client.audio.translations.create({ file: await recording("eins zwei"), model: "whisper-1", response_format });
  expect(await translate("json")).toEqual({ text: "eins zwei" });
  expect(await translate("text")).toBe("eins zwei\n");
  expect(await translate("srt")).toMatch(/^1\n/);
  expect(await translate("vtt")).toMatch(/^WEBVTT/);
  expect(await translate("verbose_json")).toMatchObject({ task: "translate", language: "english", text: "eins zwei" });
  const { jobs } = await (await darkroom.api("/v1/jobs")).json<{ jobs: { id: string }[] }>();
  expect(await darkroom.readJob(jobs[0]!.id)).toMatchObject({ input: { options: { task: "translate" } } });
});

test("the same recording again is paid for once", async () => {
  const file = await recording("paid once");
  const ask = () => client.audio.transcriptions.create({ file, model: "whisper-1" }).withResponse();
  const [first, second] = [await ask(), await ask()];
  expect(second.data).toEqual(first.data);
  expect(second.response.headers.get("x-darkroom-job")).not.toBe(first.response.headers.get("x-darkroom-job"));
  expect((await darkroom.modelCalls()).calls["paid once"]).toBe(1);
});

test("a picture comes as base64, or as a link that needs no key for an hour", async () => {
  const inline = await client.images.generate({
    prompt: "a boat",
    model: "flux-1-schnell",
    response_format: "b64_json",
  });
  const bytes = Buffer.from(inline.data![0]!.b64_json!, "base64");
  expect(bytes.subarray(0, 3).toString("hex")).toBe("ffd8ff");

  const linked = await client.images.generate({ prompt: "a boat", model: "dall-e-3", size: "1024x1024" });
  const url = linked.data![0]!.url!;
  const fetched = await darkroom.raw(url, {});
  expect([fetched.status, fetched.headers.get("content-type")]).toEqual([200, "image/jpeg"]);
  // Any page may show it. Only our own page may show a resource that needs a key.
  expect(fetched.headers.get("cross-origin-resource-policy")).toBe("cross-origin");
  expect(Buffer.compare(Buffer.from(await fetched.arrayBuffer()), bytes)).toBe(0);
  const changed = async (from: RegExp, to: string) => (await darkroom.raw(url.replace(from, to), {})).status;
  expect(await changed(/expires=\d/, "expires=9")).toBe(401);
  expect(await changed(/signature=..../, "signature=0000")).toBe(401);
  expect(await changed(/image\.jpg/, "image.png")).toBe(401);
  expect(await changed(/\?.*/, "")).toBe(401);
});

test("several pictures are several jobs that share no result, and a size goes to models that take one", async () => {
  const { data, response } = await client.images
    .generate({ prompt: "two boats", model: "flux-2-dev", n: 2, size: "512x768", response_format: "b64_json" })
    .withResponse();
  expect(data.data).toHaveLength(2);
  const ids = response.headers.get("x-darkroom-job")!.split(", ");
  expect(new Set(ids).size).toBe(2);
  expect((await darkroom.modelCalls()).calls["two boats"]).toBe(2);
  expect(await darkroom.readJob(ids[0]!)).toMatchObject({ input: { options: { width: 512, height: 768 } } });
});

test("models are listed and looked up, and each of them works by its name", async () => {
  const ids: string[] = [];
  for await (const model of client.models.list()) ids.push(model.id);
  expect(ids).toEqual(
    expect.arrayContaining(["whisper-1", "balanced", "@cf/openai/whisper", "dall-e-3", "flux-2-dev"]),
  );
  expect(await client.models.retrieve("@cf/openai/whisper")).toMatchObject({ object: "model", owned_by: "openai" });
  expect(await errorOf(client.models.retrieve("gpt-9"))).toBeInstanceOf(NotFoundError);
});

test("errors are the SDK's own classes, with the parameter at fault", async () => {
  const stranger = await errorOf(openAi(darkroom, KEYS.revoked).models.list());
  expect(stranger).toBeInstanceOf(AuthenticationError);
  expect(stranger).toMatchObject({ status: 401, code: "invalid_api_key" });

  const file = await recording();
  const ask = (more: object) => errorOf(client.audio.transcriptions.create({ file, model: "whisper-1", ...more }));
  const unknown = await ask({ model: "gpt-9" });
  expect(unknown).toBeInstanceOf(NotFoundError);
  expect(unknown).toMatchObject({ code: "model_not_found", param: "model" });
  for (const [more, param, message] of [
    [{ temperature: 7 }, "temperature", "Invalid 'temperature': expected a number from 0 to 1"],
    [{ language: "English" }, "language", "Unsupported value: 'language' is 'English': "],
    [{ stream: "perhaps" }, "stream", "Invalid 'stream': expected 'true' or 'false'"],
    [
      { response_format: "diarized_json" },
      "response_format",
      "'response_format' is 'diarized_json': the models here cannot",
    ],
    [{ model: "accurate", response_format: "srt", stream: true }, "response_format", "a stream has only the text"],
    [
      { model: "fast", prompt: "numbers" },
      "prompt",
      "Unsupported value: 'prompt' is 'numbers': the model does not take this.",
    ],
    [{ model: "fast", language: "de" }, "language", "'language' is 'de': the model knows only 'en'."],
  ] as const) {
    const refused = await ask(more);
    expect(refused).toBeInstanceOf(BadRequestError);
    expect(refused).toMatchObject({ status: 400, type: "invalid_request_error", param });
    expect(refused.message).toContain(message);
  }
  const text = await ask({ file: await toFile(Buffer.from("no recording"), "a.bin") });
  expect(text).toBeInstanceOf(BadRequestError);
  expect(text).toMatchObject({ param: "file", code: "unsupported_media" });

  const draw = (more: object) => errorOf(client.images.generate({ prompt: "a boat", ...more }));
  expect(await draw({ size: "large" })).toMatchObject({ status: 400, param: "size" });
  expect(await draw({ n: 11 })).toMatchObject({ status: 400, param: "n" });
  expect(await draw({ quality: "best" })).toMatchObject({ status: 400, param: "quality" });
  expect(await draw({ tone: "warm" })).toMatchObject({ status: 400, param: "tone", code: "unknown_parameter" });
  for (const [more, param, message] of [
    [{ background: "transparent" }, "background", "Unsupported value: 'background' is 'transparent': the models here"],
    [
      { output_format: "png" },
      "output_format",
      "Unsupported value: 'output_format' is 'png': the models here draw 'jpeg'.",
    ],
    [
      { stream: true, partial_images: 2 },
      "stream",
      "Unsupported value: 'stream' is 'true': pictures are not streamed.",
    ],
  ] as const) {
    const refused = await draw(more);
    expect(refused).toMatchObject({ status: 400, param, code: "unsupported_value" });
    expect(refused.message).toContain(message);
  }
  expect(await draw({ prompt: " " })).toMatchObject({ status: 400, param: "prompt" });
  expect(await errorOf(client.embeddings.create({ model: "x", input: "y" }))).toMatchObject({
    status: 404,
    code: "model_not_found",
  });
  const { jobs } = await (await darkroom.api("/v1/jobs")).json<{ jobs: unknown[] }>();
  expect(jobs).toEqual([]);
  expect((await darkroom.bindings().MEDIA.list()).objects).toEqual([]);
});

test("a job that fails is an error that names it, and is not asked for again", async () => {
  const failed = await errorOf(client.images.generate({ prompt: "error:3003 boat", response_format: "b64_json" }));
  expect(failed).toBeInstanceOf(BadRequestError);
  const id = failed.headers!.get("x-darkroom-job")!;
  expect(failed.message).toContain(id);
  expect((await darkroom.readJob(id)).state).toBe("failed");
  const broken = await errorOf(client.images.generate({ prompt: "error:5016 boat", response_format: "b64_json" }));
  expect(broken).toBeInstanceOf(InternalServerError);
  expect((await darkroom.modelCalls()).calls["error:5016 boat"]).toBe(1);
});

test("a job that outlasts its call is a timeout that names it", () => {
  const running = { id: "job_1", state: "running", errorCode: null, errorMessage: null } as const;
  expect(unfinished(running, "file")).toMatchObject({
    status: 504,
    type: "server_error",
    message: expect.stringContaining("job_1"),
  });
});

test("the job continues when the client disconnects", async () => {
  const aborting = new AbortController();
  const call = errorOf(client.images.generate({ prompt: "sleep:1500 boat" }, { signal: aborting.signal }));
  const running = async () => (await (await darkroom.api("/v1/jobs")).json<{ jobs: { id: string }[] }>()).jobs[0];
  let job = await running();
  while (job === undefined) job = await running();
  aborting.abort();
  expect(await call).toBeInstanceOf(APIUserAbortError);
  expect((await darkroom.untilJob(job.id)).state).toBe("completed");
});

test("a form over 25 MiB is refused, with its length or without", async () => {
  const headers = { authorization: `Bearer ${KEYS.operator}`, "content-type": "multipart/form-data; boundary=x" };
  const send = async (body: BodyInit) =>
    darkroom.raw("https://darkroom.test/openai/v1/audio/transcriptions", {
      method: "POST",
      headers,
      body,
      duplex: "half",
    } as RequestInit);
  const large = new Uint8Array(26 * 1024 * 1024);
  const unsaid = new Blob([large]).stream();
  for (const body of [large, unsaid]) {
    const response = await send(body as BodyInit);
    expect(response.status).toBe(413);
    expect(await response.json()).toMatchObject({ error: { type: "invalid_request_error", code: "upload_too_large" } });
  }
});
