// What the SDK of OpenAI, and the libraries over it, send by default: every call is answered, and says what had no effect.
import type OpenAI from "openai";
import { APIError, toFile } from "openai";
import { beforeEach, expect, test } from "vitest";

import { nearestSize } from "../producer/openai/image-size.ts";
import { openAi } from "./dialects.ts";
import { OWN_SECRETS, startDarkroom } from "./harness.ts";
import { speech } from "./speech.ts";

const darkroom = startDarkroom(OWN_SECRETS);
let client: OpenAI;
beforeEach(() => {
  client = openAi(darkroom);
});

const recording = (text = "zero one two three") => toFile(speech(text), "voice.wav", { type: "audio/wav" });
const ignoredIn = (response: Response) => response.headers.get("x-darkroom-ignored")?.split(", ") ?? [];

/** Send a form as curl and other programs do, each field as it is written. */
async function transcribe(fields: Record<string, string>) {
  const form = new FormData();
  form.set("file", new Blob([speech("zero one")], { type: "audio/wav" }), "voice.wav");
  for (const [name, value] of Object.entries({ model: "whisper-1", ...fields })) form.set(name, value);
  const request = new Request("http://darkroom.test", { method: "POST", body: form });
  return darkroom.api("/openai/v1/audio/transcriptions", {
    method: "POST",
    headers: { "content-type": request.headers.get("content-type")! },
    body: await request.arrayBuffer(),
  });
}

test.each<{ fields: Record<string, string>; ignored: string[]; options?: object }>([
  { fields: { language: "EN", stream: "False" }, ignored: [], options: { language: "en" } },
  { fields: { language: "en-US", temperature: "0.2" }, ignored: ["temperature"], options: { language: "en" } },
  { fields: { stream: "True" }, ignored: ["stream"] },
  { fields: { response_format: "verbose_json", timestamp_granularities: "word" }, ignored: [] },
  { fields: { response_format: "verbose_json", "timestamp_granularities[]": "word" }, ignored: [] },
  { fields: { "timestamp_granularities[0]": "word" }, ignored: ["timestamp_granularities"] },
  { fields: { temperature: "", language: "", prompt: "", stream: "null" }, ignored: [] },
  {
    fields: { "chunking_strategy[type]": "server_vad", "include[]": "logprobs", "keywords[]": "one", "größe\r\n": "x" },
    ignored: ["chunking_strategy", "include", "keywords", "gr%C3%B6%C3%9Fe%0D%0A"],
  },
])("a form is read as programs send it: $fields", async ({ fields, ignored, options = {} }) => {
  const response = await transcribe(fields);
  expect([response.status, ignoredIn(response).toSorted()]).toEqual([200, ignored.toSorted()]);
  expect(await response.json()).toMatchObject({
    text: "zero one",
    ...(fields["response_format"] && { words: [{ word: "zero" }, { word: "one" }] }),
  });
  const job = await darkroom.readJob(response.headers.get("x-darkroom-job")!);
  expect(job.input).toMatchObject({ options: { tier: "accurate", ...options } });
});

test("a transcript streams: text in order while chunks finish, then the whole text with its usage", async () => {
  const words = Array.from({ length: 500 }, (_, index) => `w${index}`);
  const { data: stream, response } = await client.audio.transcriptions
    .create({ file: await recording(words.join(" ")), model: "gpt-4o-transcribe", stream: true })
    .withResponse();
  let text = "";
  let deltas = 0;
  const events = [];
  for await (const event of stream) {
    if (event.type === "transcript.text.delta") {
      text += event.delta;
      deltas += 1;
    } else events.push(event);
  }
  expect(deltas).toBeGreaterThan(3);
  expect(text).toBe(words.join(" "));
  expect(events).toEqual([
    {
      type: "transcript.text.done",
      text,
      usage: {
        type: "tokens",
        input_tokens: 12_500,
        input_token_details: { audio_tokens: 12_500, text_tokens: 0 },
        output_tokens: Math.ceil(text.length / 4),
        total_tokens: 12_500 + Math.ceil(text.length / 4),
      },
    },
  ]);
  const job = await darkroom.readJob(response.headers.get("x-darkroom-job")!);
  expect(job.state).toBe("completed");
  // The place of the stream is free again.
  const places = () => darkroom.bindings().DB.prepare("SELECT count(*) AS open FROM event_streams").first("open");
  await expect.poll(places).toBe(0);
});

test("a streamed transcript whose job fails ends with an error that names it", async () => {
  const { data: stream, response } = await client.audio.transcriptions
    .create({ file: await recording("error:5016 zero"), model: "gpt-4o-mini-transcribe", stream: true })
    .withResponse();
  const told = (async () => {
    for await (const event of stream) expect(event).toBeUndefined();
  })();
  const error: unknown = await told.catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(APIError);
  expect((error as APIError).message).toContain(response.headers.get("x-darkroom-job"));
});

test("a streamed transcript whose job is deleted says that it broke off, and not that the job continues", async () => {
  const { data: stream, response } = await client.audio.transcriptions
    .create({ file: await recording("sleep:20000 deleted"), model: "gpt-4o-transcribe", stream: true })
    .withResponse();
  const job = response.headers.get("x-darkroom-job")!;
  const told = (async () => {
    for await (const event of stream) expect(event).toBeUndefined();
  })();
  const error = told.catch((thrown: unknown) => thrown);
  await darkroom.api(`/v1/jobs/${job}/cancel`, { method: "POST" });
  expect((await darkroom.api(`/v1/jobs/${job}`, { method: "DELETE" })).ok).toBe(true);
  const { message } = (await error) as APIError;
  expect(message).toContain(job);
  expect(message).toMatch(/broke off|was deleted|was cancelled/);
});

test("pictures of every model and size are drawn in the nearest size, and the answer names it", async () => {
  const draw = async (more: object) => client.images.generate({ prompt: "a boat", ...more }).withResponse();
  const portrait = await draw({ model: "dall-e-3", size: "1024x1792", quality: "hd", style: "vivid", user: "me" });
  expect(portrait.data).toMatchObject({ size: "1024x1792", output_format: "jpeg", background: "opaque" });
  expect(ignoredIn(portrait.response).toSorted()).toEqual(["quality", "style", "user"]);
  const job = await darkroom.readJob(portrait.response.headers.get("x-darkroom-job")!);
  expect(job.input).toMatchObject({ options: { model: "flux-2-klein-4b", width: 1024, height: 1792 } });

  const small = await draw({ size: "256x256" });
  expect(small.data.size).toBe("1024x1024");

  const inline = await draw({ model: "gpt-image-1", response_format: "url", background: "opaque", moderation: "low" });
  expect(inline.data.data![0]!.b64_json).toMatch(/^\/9j\//);
  expect(ignoredIn(inline.response).toSorted()).toEqual(["moderation", "response_format"]);
});

test("the nearest size keeps the shape, within the sides that a model takes", () => {
  const near = (model: "flux-1-schnell" | "flux-2-dev", width: number, height: number) => {
    const size = nearestSize(model, { width, height });
    return `${size.width}x${size.height}`;
  };
  expect(near("flux-1-schnell", 1024, 1792)).toBe("1024x1024");
  expect(near("flux-2-dev", 1536, 1024)).toBe("1536x1024");
  expect(near("flux-2-dev", 1000, 500)).toBe("1008x496");
  expect(near("flux-2-dev", 3840, 2160)).toBe("1920x1088");
  expect(near("flux-2-dev", 10, 10)).toBe("256x256");
  expect(near("flux-2-dev", 99_999, 10)).toBe("1920x256");
  expect(nearestSize("flux-2-dev", null)).toEqual({ width: 1024, height: 1024 });
});

test("if one of several pictures fails, the error names the jobs that completed", async () => {
  const call = client.images.generate({ prompt: "error:3003x1 boats", n: 10, response_format: "b64_json" });
  const error = (await call.then(
    () => null,
    (thrown: unknown) => thrown,
  )) as APIError;
  expect(error).toBeInstanceOf(APIError);
  const ids = error.headers!.get("x-darkroom-job")!.split(", ");
  expect(new Set(ids).size).toBe(10);
  expect(error.message).toMatch(/ 9 of the 10 jobs of the call completed: read 'job_\w+', /);
  expect(error.headers!.get("x-should-retry")).toBe("false");
});

test("a key that may have fewer jobs than pictures learns which were accepted", async () => {
  const limited = await darkroom.post("/v1/keys", {
    label: "three",
    scopes: ["jobs:read", "jobs:write"],
    maxConcurrentJobs: 3,
  });
  const { key } = await limited.json<{ key: string }>();
  const call = openAi(darkroom, key).images.generate({ prompt: "sleep:100 boats", n: 5 });
  const error = (await call.catch((thrown: unknown) => thrown)) as APIError;
  expect([error.status, error.code]).toEqual([429, "rate_limit_exceeded"]);
  expect(error.headers!.get("x-darkroom-job")!.split(", ")).toHaveLength(3);
  expect((await darkroom.modelCalls()).calls["sleep:100 boats"] ?? 0).toBeLessThanOrEqual(3);
});

test.each([
  ["/openai/v1/audio/transcriptions", "audio/mpeg", "raw", /the body is one file \('audio\/mpeg'\), .*-F file=@/],
  ["/openai/v1/audio/translations", "application/json", "{}", /the body is JSON, .* takes a form .*-F file=@/],
  ["/openai/v1/audio/transcriptions", "", "raw", /the request has no Content-Type, .*-F model=whisper-1 -F file=@/],
  ["/openai/v1/images/generations", "multipart/form-data; boundary=x", "raw", /the body is a form, .*"prompt"/],
  ["/openai/v1/images/generations", "", "{'", /Send JSON: curl .* -d '\{"prompt":"a harbour"\}'/],
  ["/openai/v1/embeddings", "application/octet-stream", "raw", /takes JSON: .*"text-embedding-3-small"/],
  ["/replicate/v1/predictions", "", "raw", /Send JSON: .*"version":"openai\/whisper"/],
  ["/replicate/v1/models/openai/whisper/predictions", "audio/wav", "raw", /one file .*"audio":"https:/],
  ["/replicate/v1/models/black-forest-labs/flux-schnell/predictions", "image/png", "raw", /one file .*"prompt":/],
  ["/replicate/v1/files", "application/json", "{}", /the body is JSON, .*-F content=@recording\.mp3/],
])("%s with a body of type '%s' is answered with the command that works", async (path, type, body, message) => {
  const response = await darkroom.api(path, {
    method: "POST",
    headers: type === "" ? {} : { "content-type": type },
    body: new TextEncoder().encode(body),
  });
  expect([400, 422]).toContain(response.status);
  const answer = await response.json<{ error?: { message: string }; detail?: string }>();
  const said = answer.error?.message ?? answer.detail ?? "";
  expect(said).toMatch(message);
  expect(said).toContain(`curl ${darkroom.origin()}${path} -H "Authorization: Bearer $DARKROOM_KEY" `);
});
