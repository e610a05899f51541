// The inputs that Replicate publishes for its models, and what else its SDK reads, against the whole product.
import type Replicate from "replicate";
import type { Prediction } from "replicate";
import { beforeEach, expect, test } from "vitest";

import { drawingOf } from "../shared/replicate/drawing.ts";
import { REPLICATE_MODELS } from "../shared/replicate/models.ts";
import { PICTURE_INPUTS, SIZES } from "../shared/replicate/picture-input.ts";
import { languageCode } from "../shared/replicate/language-names.ts";
import { WHISPER_LANGUAGES } from "../shared/kinds/transcription/languages.ts";
import { replicate } from "./dialects.ts";
import { KEYS, OWN_SECRETS, startDarkroom } from "./harness.ts";
import { speech } from "./speech.ts";

const darkroom = startDarkroom(OWN_SECRETS);
let client: Replicate;
beforeEach(() => {
  client = replicate(darkroom);
});

const SCHNELL = "black-forest-labs/flux-schnell";
const DEV = "black-forest-labs/flux-dev";

/** As Replicate's pages of the models show them. */
const EXAMPLE = {
  go_fast: true,
  megapixels: "1",
  num_outputs: 1,
  aspect_ratio: "1:1",
  output_format: "webp",
  output_quality: 80,
};
const WHISPER_EXAMPLE = {
  language: "auto",
  translate: false,
  temperature: 0,
  transcription: "plain text",
  suppress_tokens: "-1",
  logprob_threshold: -1,
  no_speech_threshold: 0.6,
  condition_on_previous_text: true,
  compression_ratio_threshold: 2.4,
  temperature_increment_on_fallback: 0.2,
};

async function predict(model: string, input: object): Promise<Prediction & { output: unknown[]; logs: string }> {
  const ended = await client.predictions.create({ model, input, wait: true });
  expect(ended).toMatchObject({ status: "succeeded", error: null });
  return ended as never;
}

test("the published examples of flux-schnell, flux-dev and whisper run as they stand", async () => {
  const schnell = await predict(SCHNELL, { ...EXAMPLE, prompt: "a cake", num_inference_steps: 4 });
  expect(schnell.output).toHaveLength(1);
  expect(schnell.logs).toMatch(
    /^Without effect here: go_fast, output_format, output_quality\.\nattempt 1: @cf\/.*flux-1-schnell: completed\n$/,
  );
  const more = { guidance: 3.5, prompt_strength: 0.8, num_inference_steps: 28 };
  const dev = await predict(DEV, { ...EXAMPLE, ...more, prompt: "a cake of dev", disable_safety_checker: true });
  expect(dev.logs).toMatch(/num_inference_steps: 28 is lowered to 12/);
  expect(dev.logs).toMatch(/Without effect here: .*disable_safety_checker, prompt_strength\./);
  const { requests } = await darkroom.modelCalls();
  expect(requests.find(({ model }) => model.endsWith("flux-2-dev"))?.form).toMatchObject({
    width: "1024",
    height: "1024",
    steps: "12",
    guidance: "3.5",
  });
  const audio = `data:audio/wav;base64,${Buffer.from(speech("zero one")).toString("base64")}`;
  const heard = await predict("openai/whisper", { ...WHISPER_EXAMPLE, audio, patience: null, temperature: 0.4 });
  expect(heard.output).toMatchObject({ transcription: "zero one", translation: null });
  expect(heard.logs).toMatch(/^Without effect here: temperature, suppress_tokens, .*no_speech_threshold\.\n/);
});

test("a seed, a ratio or a quarter of a megapixel makes flux-schnell a picture of that size, and the logs say by which model", async () => {
  const input = { prompt: "a wide boat", aspect_ratio: "16:9", megapixels: "0.25", seed: 7, num_inference_steps: 2 };
  const { logs, output } = await predict(SCHNELL, input);
  expect(logs).toContain(
    "Drawn by flux-2-klein-4b, because flux-1-schnell does not take seed, aspect_ratio or megapixels.",
  );
  expect(logs).toContain("Without effect with flux-2-klein-4b: num_inference_steps.");
  const { requests } = await darkroom.modelCalls();
  const drawn = requests.find(({ model }) => model.endsWith("klein-4b"));
  expect(drawn?.form).toMatchObject({ width: "672", height: "384", seed: "7" });
  // With a seed it is the same picture, which costs nothing.
  expect((await predict(SCHNELL, input)).output).toHaveLength(output.length);
  expect((await darkroom.modelCalls()).calls["a wide boat"]).toBe(1);
});

test("several outputs are one prediction with as many pictures", async () => {
  const { id, output, logs } = await predict(SCHNELL, { prompt: "nth:3:flagged boats", num_outputs: 4 });
  expect(output).toEqual(["", "-2", "-4"].map((at) => expect.stringContaining(`/${id}/artifacts/image${at}.jpg?`)));
  expect(logs).toContain("The model refused 1 of 4 pictures.");
  expect((await darkroom.modelCalls()).calls["nth:3:flagged boats"]).toBe(4);
});

test("every ratio that Replicate offers has sides that the models draw, and each picture model its own fields", () => {
  for (const [name, model] of REPLICATE_MODELS) {
    if (model.takes !== "prompt") continue;
    for (const ratio of Object.keys(SIZES)) {
      for (const megapixels of ["1", "0.25"]) {
        const input = { prompt: "x", aspect_ratio: ratio, megapixels };
        const { options } = drawingOf(model.picture, PICTURE_INPUTS[model.picture.input].parse(input));
        const { width = 1024, height = 1024 } = options as { width?: number; height?: number };
        expect([name, ratio, Math.min(width, height) >= 256, width % 16, height % 16]).toEqual([
          name,
          ratio,
          true,
          0,
          0,
        ]);
        const [wide, high] = ratio.split(":").map(Number);
        expect(Math.abs(width / height / (wide! / high!) - 1)).toBeLessThan(0.05);
      }
    }
  }
});

test("a language may be given by its name, as Replicate lists it", async () => {
  expect([languageCode("Haitian Creole"), languageCode("Castilian"), languageCode("auto")]).toEqual([
    "ht",
    "es",
    "auto",
  ]);
  const named = "English Welsh Cantonese Nynorsk Javanese Myanmar".split(" ").map(languageCode);
  for (const code of named) expect(WHISPER_LANGUAGES.has(code)).toBe(true);
  const audio = `data:audio/wav;base64,${Buffer.from(speech("eins")).toString("base64")}`;
  const { id } = await predict("openai/whisper", { audio, language: "German" });
  expect(await darkroom.readJob(id)).toMatchObject({ input: { options: { language: "de" } } });
});

test("a model's latest version names its inputs, and can be asked for by its id", async () => {
  const { latest_version: latest } = await client.models.get("black-forest-labs", "flux-schnell");
  const { components } = latest!.openapi_schema as { components: { schemas: Record<string, never> } };
  expect(components.schemas).toMatchObject({
    Input: {
      required: ["prompt"],
      properties: {
        prompt: { type: "string", title: "Prompt", "x-order": 0 },
        num_outputs: { type: "integer", minimum: 1, maximum: 4, default: 1 },
        output_format: { type: "string", enum: ["webp", "jpg", "png"], default: "webp" },
      },
    },
    Output: { type: "array", items: { type: "string", format: "uri" } },
  });
  const { results } = await client.models.versions.list("black-forest-labs", "flux-schnell");
  expect(results).toEqual([latest]);
  expect(await client.models.versions.get("black-forest-labs", "flux-schnell", latest!.id)).toEqual(latest);
  await expect(client.models.versions.get("openai", "whisper", latest!.id)).rejects.toThrow(/404.*no version/s);
  const { status } = await client.predictions.create({ version: latest!.id, input: { prompt: "x" }, wait: true });
  expect(status).toBe("succeeded");
  const ids = [...REPLICATE_MODELS.values()].map(({ version }) => version);
  expect(new Set(ids).size).toBe(ids.length);
  for (const id of ids) expect(id).toMatch(/^[0-9a-f]{64}$/);
});

test("models are searched by words, the account is the owner, and the message names what Darkroom lacks", async () => {
  const { results } = await client.models.search("FLUX klein-4b");
  expect(results.map(({ name }) => name)).toEqual(["flux-schnell", "flux-2-klein-4b"]);
  expect((await client.models.search("no such thing")).results).toEqual([]);
  const plain = await darkroom.api("/replicate/v1/models", { method: "QUERY", body: "whisper tiny" });
  expect(await plain.json()).toMatchObject({ results: [{ owner: "darkroom", name: "whisper-tiny-en" }] });
  expect(await client.accounts.current()).toMatchObject({ type: "organization", username: "operator" });
  const absent = [
    client.collections.list(),
    client.collections.get("super-resolution"),
    client.hardware.list(),
    client.trainings.list(),
    client.deployments.list(),
  ];
  for (const { reason } of (await Promise.allSettled(absent)) as { reason: unknown }[])
    expect(String(reason)).toMatch(/404.*Darkroom has no (collections|hardware|trainings|deployments)/s);
});

test("files are listed in pages, only to their owner", async () => {
  const other = replicate(darkroom, { auth: KEYS.other });
  await other.files.create(Buffer.from("theirs"));
  const { MEDIA } = darkroom.bindings();
  const ids = Array.from(
    { length: 120 },
    (_, at) => `file_${(1_700_000_000_000 + at).toString(16).padStart(12, "0")}${"a".repeat(20)}`,
  );
  await Promise.all(ids.map((id) => MEDIA.put(`files/${id}`, "x", { customMetadata: { owner: "operator" } })));
  const mine = await client.files.create(new File(["hello"], "hello.txt", { type: "text/plain" }));
  const seen: string[] = [];
  for await (const page of client.paginate(() => client.files.list())) seen.push(...page.map(({ id }) => id));
  expect(seen).toEqual([...ids, mine.id]);
  expect(mine).toMatchObject({ name: "hello.txt", etag: expect.stringMatching(/./) });
  expect((await other.files.list()).results.map(({ size }) => size)).toEqual([6]);
  const wrong = await darkroom.api("/replicate/v1/files?cursor=../x");
  expect([wrong.status, await wrong.json()]).toMatchObject([422, { invalid_fields: [{ field: "cursor" }] }]);
});

async function eventsOf(model: string, input: object): Promise<{ event: string; data: string }[]> {
  const events: { event: string; data: string }[] = [];
  for await (const { event, data } of client.stream(model as never, { input })) events.push({ event, data });
  return events;
}

test("stream gives the output when the prediction has ended, and its state", async () => {
  expect(await eventsOf(SCHNELL, { prompt: "sleep:400 boats", num_outputs: 2 })).toMatchObject([
    { event: "logs", data: expect.stringContaining("attempt 1") },
    { event: "output", data: expect.stringContaining("/artifacts/image.jpg?") },
    { event: "output", data: expect.stringContaining("/artifacts/image-2.jpg?") },
    { event: "done", data: "{}" },
  ]);
  const [, said] = await eventsOf("openai/whisper", { audio: Buffer.from(speech("zero one")) });
  expect(said).toEqual({ event: "output", data: "zero one" });
  await expect(eventsOf(SCHNELL, { prompt: "error:5016 boat" })).rejects.toThrow(/scripted/);
  const { id } = await client.predictions.create({ model: SCHNELL, input: { prompt: "error:3043 boat" } });
  const { urls } = await client.predictions.cancel(id);
  const ended = await darkroom.api(addressOf(urls.stream), { key: null });
  expect(await ended.text()).toMatch(/event: done\ndata: \{"reason":"canceled"\}\nid: \S+\n/);
});

function addressOf(url: string | undefined): string {
  const { pathname, search } = new URL(url ?? "");
  return `${pathname}${search}`;
}

test("a stream's address is signed for one prediction, and ends with its key", async () => {
  const made = await darkroom.post("/v1/keys", { label: "for a stream", scopes: ["jobs:read", "jobs:write"] });
  const { id: keyId, key } = await made.json<{ id: string; key: string }>();
  const body = { input: { prompt: "a boat" }, stream: true };
  const created = await darkroom.post(`/replicate/v1/models/${SCHNELL}/predictions`, body, key);
  const { id, urls } = await created.json<Prediction>();
  const address = addressOf(urls.stream);
  expect((await darkroom.api(address, { key: null })).status).toBe(200);
  for (const other of [
    address.replace(id, "job_other"),
    address.replace(/.$/, (last) => (last === "0" ? "1" : "0")),
    address.split("?")[0]!,
  ]) {
    const refused = await darkroom.api(other, { key: KEYS.other });
    expect([refused.status, await refused.json()]).toMatchObject([401, { title: "Unauthenticated" }]);
  }
  await darkroom.api(`/v1/keys/${keyId}`, { method: "DELETE" });
  expect((await darkroom.api(address, { key: null })).status).toBe(401);
});
