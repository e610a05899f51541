// The offline engines with real speech and a real photograph, and their refusals.
import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

import { imageSize } from "image-size";
import sharp from "sharp";
import { afterAll, beforeAll, expect, test } from "vitest";

import { type InferenceServer, startInferenceServer } from "../../local/inference-server.ts";
import { IS_LONG, sampled } from "../long.ts";

const run = promisify(execFile);
const SAMPLES = join(import.meta.dirname, "../../local/samples");

const TURBO = "@cf/openai/whisper-large-v3-turbo";
const SCHNELL = "@cf/black-forest-labs/flux-1-schnell";
const RESNET = "@cf/microsoft/resnet-50";
const DISTILBERT = "@cf/huggingface/distilbert-sst-2-int8";

let server: InferenceServer;
let folder: string;
/** Two seconds of speech for tests in which the words do not matter. The engine takes as long as the speech. */
let sentence: string;

beforeAll(async () => {
  server = await startInferenceServer({ port: 0, shape: 0 });
  folder = await mkdtemp(join(tmpdir(), "darkroom-voices-"));
  sentence = join(folder, "sentence.wav");
  await run("flite", ["-voice", "slt", "-t", "the weather is nice today", "-o", sentence]);
});
afterAll(async () => {
  await server.close();
  await rm(folder, { recursive: true });
});

async function ask(model: string, inputs: unknown): Promise<Response> {
  const body = typeof inputs === "string" ? inputs : JSON.stringify(inputs);
  return fetch(`${server.url}/run/${model}`, { method: "POST", body });
}

async function form(model: string, fields: Record<string, string>): Promise<Response> {
  const body = new FormData();
  for (const [name, value] of Object.entries(fields)) body.append(name, value);
  return fetch(`${server.url}/run/${model}?userInputs={}`, { method: "POST", body });
}

async function sample(name: string): Promise<Buffer> {
  return readFile(join(SAMPLES, name));
}

/** Return the word error rate: substitutions, insertions and deletions, divided by the number of spoken words. */
function wordErrorRate(spoken: string, heard: string): number {
  const [from, to] = [spoken, heard].map((text) => text.toLowerCase().match(/[a-z']+/g) ?? []);
  let row = to!.map((_, index) => index + 1);
  for (const [index, word] of from!.entries()) {
    let diagonal = index;
    let left = index + 1;
    row = row.map((above, column) => {
      const best = Math.min(above + 1, left + 1, diagonal + (to![column] === word ? 0 : 1));
      diagonal = above;
      left = best;
      return best;
    });
  }
  return (row.at(-1) ?? from!.length) / from!.length;
}

interface Turbo {
  readonly text: string;
  readonly vtt: string;
  readonly transcription_info: { readonly language: string; readonly duration: number };
  readonly segments: {
    start: number;
    end: number;
    text: string;
    words: { word: string; start: number; end: number }[];
  }[];
}

test("clean synthetic speech is understood but for a few words, in any voice and container", async () => {
  const spoken =
    "The weather is nice today so we are going to the park after lunch. " +
    "We will be back at three in the afternoon and finish the work before the evening.";
  const voices = [
    { voice: "slt", container: "ogg" },
    { voice: "rms", container: "m4a" },
  ];
  for (const { voice, container } of voices.slice(0, sampled(1, 2))) {
    const wav = join(folder, `${voice}.wav`);
    const coded = join(folder, `${voice}.${container}`);
    await run("flite", ["-voice", voice, "-t", spoken, "-o", wav]);
    await run("ffmpeg", ["-v", "error", "-y", "-i", wav, coded]);
    const answer = await ask(TURBO, { audio: (await readFile(coded)).toString("base64") });
    expect(answer.headers.get("x-darkroom-engine")).toBe(server.engines.speech);
    const transcript = await answer.json<Turbo>();
    expect(wordErrorRate(spoken, transcript.text)).toBeLessThan(0.2);
    const words = transcript.segments.flatMap((segment) => segment.words);
    for (const [index, word] of words.entries()) {
      expect(word.end).toBeGreaterThanOrEqual(word.start);
      expect(word.start).toBeGreaterThanOrEqual(words[index - 1]?.start ?? 0);
      expect(word.end).toBeLessThanOrEqual(transcript.transcription_info.duration + 0.1);
    }
    const minutes = transcript.transcription_info.duration / 60;
    expect(Number(answer.headers.get("cf-ai-neurons"))).toBeCloseTo(46.63 * minutes, 3);
  }
});

test.runIf(IS_LONG)("the smaller models take an array of bytes and answer words without segments", async () => {
  const audio = [...(await readFile(sentence))];
  const answer = await (await ask("@cf/openai/whisper", { audio })).json<Record<string, unknown>>();
  expect(Object.keys(answer).toSorted()).toEqual(["text", "vtt", "word_count", "words"]);
  expect(answer["word_count"]).toBe((answer["words"] as unknown[]).length);
  expect(answer["vtt"]).toMatch(/^WEBVTT\n\n00:00:0/);
});

test("a word after a long silence keeps its time", async () => {
  const late = join(folder, "late.wav");
  await run("ffmpeg", ["-v", "error", "-y", "-i", sentence, "-af", "adelay=4000", late]);
  const { segments } = await (await ask(TURBO, { audio: (await readFile(late)).toString("base64") })).json<Turbo>();
  expect(segments[0]?.start).toBeGreaterThan(3.9);
});

test("a photograph is labelled best first, with the score of its best box", async () => {
  const answer = await ask(RESNET, { image: [...(await sample("coffee.jpg"))] });
  const labels = await answer.json<{ label: string; score: number }[]>();
  expect(labels[0]).toMatchObject({ label: "cup" });
  expect(labels[0]!.score).toBeGreaterThan(0.4);
  expect(labels.length).toBeLessThanOrEqual(5);
  expect(labels).toEqual(labels.toSorted((a, b) => b.score - a.score));
  expect(answer.headers.get("cf-ai-neurons")).toBe("0.2281");
});

test.each([
  ["What a wonderful day, I love it.", "POSITIVE"],
  ["This is terrible, I hate everything about it.", "NEGATIVE"],
])("'%s' reads as %s", async (text, expected) => {
  const labels = await (await ask(DISTILBERT, { text })).json<{ label: string; score: number }[]>();
  expect(labels.map(({ label }) => label).toSorted()).toEqual(["NEGATIVE", "POSITIVE"]);
  expect(labels[0]!.score + labels[1]!.score).toBeCloseTo(1, 10);
  expect(labels.find(({ label }) => label === expected)!.score).toBeGreaterThan(0.5);
});

test("a picture depends only on prompt and seed, says what it is, and has the requested size", async () => {
  const draw = async (fields: Record<string, string>) => {
    const answer = await form("@cf/black-forest-labs/flux-2-dev", fields);
    return Buffer.from((await answer.json<{ image: string }>()).image, "base64");
  };
  const fields = { prompt: "a forest at dusk", width: "512", height: "256", seed: "7" };
  const first = await draw(fields);
  expect(first.equals(await draw(fields))).toBe(true);
  expect(first.equals(await draw({ ...fields, seed: "8" }))).toBe(false);
  expect(first.equals(await draw({ ...fields, prompt: "a forest at noon" }))).toBe(false);
  expect(first.includes("local preview")).toBe(true);
  expect(imageSize(first)).toMatchObject({ width: 512, height: 256, type: "jpg" });
});

test("FLUX.1 answers base64 at the price of its tiles and steps", async () => {
  const schnell = await ask(SCHNELL, { prompt: "a boat" });
  expect(schnell.headers.get("cf-ai-neurons")).toBe("172.8000");
  expect(schnell.headers.get("x-darkroom-engine")).toBe("procedural-preview");
  const { image } = await schnell.json<{ image: string }>();
  expect(imageSize(Buffer.from(image, "base64"))).toMatchObject({ width: 1024, height: 1024, type: "jpg" });
});

test.each([
  ["dev", "750.0000"],
  ["klein-4b", "26.0500"],
  ["klein-9b", "1363.6400"],
])("FLUX.2 %s takes a form and answers base64", async (name, neurons) => {
  const fields = { prompt: "a boat", width: "512", height: "512", steps: "20" };
  const answer = await form(`@cf/black-forest-labs/flux-2-${name}`, fields);
  expect(answer.headers.get("cf-ai-neurons")).toBe(neurons);
  const { image } = await answer.json<{ image: string }>();
  expect(imageSize(Buffer.from(image, "base64"))).toMatchObject({ width: 512, height: 512, type: "jpg" });
});

test.each([
  ["@cf/stabilityai/stable-diffusion-xl-base-1.0", "png", "0.0000"],
  ["@cf/leonardo/phoenix-1.0", "jpeg", "780.0000"],
])("%s answers the bytes of a picture, marked as a preview", async (model, format, neurons) => {
  const answer = await ask(model, { prompt: "a boat", width: 512, height: 256 });
  expect(answer.headers.get("content-type")).toBe(`image/${format}`);
  expect(answer.headers.get("cf-ai-neurons")).toBe(neurons);
  const { width, height, exif, ...picture } = await sharp(await answer.arrayBuffer()).metadata();
  expect({ width, height, format: picture.format }).toEqual({ width: 512, height: 256, format });
  expect(exif?.toString("latin1")).toContain("local preview");
});

test("a short text does not wait for a long recording", async () => {
  const speech = ask(TURBO, { audio: (await readFile(sentence)).toString("base64") });
  const first = await Promise.race([speech.then(() => "speech"), ask(DISTILBERT, { text: "fine" }).then(() => "text")]);
  expect(first).toBe("text");
  await speech;
});

test("a picture of too many pixels is refused before it is decoded", async () => {
  const create = { width: 8000, height: 8000, channels: 3, background: "#000" } as const;
  const image = [...(await sharp({ create }).png({ compressionLevel: 1 }).toBuffer())];
  const answer = await ask(RESNET, { image });
  expect(answer.status).toBe(413);
  expect(await answer.json()).toMatchObject({ internalCode: 3006 });
});

const CUT_MP4 = Buffer.from("000000186674797069736f6d0000020069736f6d69736f32", "hex").toString("base64");

test.each([
  ["an unknown model", "@cf/nobody/nothing", {}, 400, 5007, /No such model @cf\/nobody\/nothing/],
  ["no audio at all", TURBO, {}, 400, 5006, /required properties at '\/' are 'audio'/],
  ["empty audio", TURBO, { audio: "" }, 400, 3010, /Unsupported audio input/],
  ["text for audio", TURBO, { audio: btoa("no audio here") }, 400, 3010, /Unsupported/],
  ["an MP4 cut before its index", TURBO, { audio: CUT_MP4 }, 400, 3010, /Unsupported/],
  ["broken base64", TURBO, { audio: "a*b=" }, 400, 5004, /base64/],
  ["an option of the wrong type", TURBO, { audio: "", vad_filter: "yes" }, 400, 5006, /vad_filter/],
  ["base64 where bytes are wanted", "@cf/openai/whisper", { audio: "AAAA" }, 400, 5006, /array/],
  ["an empty array", "@cf/openai/whisper-tiny-en", { audio: [] }, 400, 3010, /Unsupported/],
  ["a picture that is none", RESNET, { image: [1, 2, 3] }, 400, 3030, /decode/],
  ["an empty text", DISTILBERT, { text: " " }, 400, 5006, /text/],
  ["a prompt too long", SCHNELL, { prompt: "x".repeat(2049) }, 400, 5006, /prompt/],
  ["a seed for FLUX.1", SCHNELL, { prompt: "x", seed: 1 }, 400, 5006, /seed/],
  ["JSON for FLUX.2", "@cf/black-forest-labs/flux-2-klein-4b", { prompt: "x" }, 400, 5006, /are 'multipart'/],
  ["a body that is no JSON", SCHNELL, "{", 400, 5004, /not JSON/],
  ["a body too large", TURBO, { audio: "A".repeat(26_000_000) }, 413, 3006, /too large/],
])("refuses %s", async (_, model, inputs, status, code, description) => {
  const answer = await ask(model, inputs);
  expect(answer.status).toBe(status);
  expect(answer.headers.get("content-type")).toBe("application/json");
  expect(await answer.json()).toMatchObject({ internalCode: code, description: expect.stringMatching(description) });
});

test.runIf(IS_LONG)("truncated speech is understood as far as it goes", async () => {
  const whole = await sample("voice-note.mp3");
  const half = whole.subarray(0, whole.length / 2).toString("base64");
  const { text, transcription_info } = await (await ask(TURBO, { audio: half })).json<Turbo>();
  expect(text).toMatch(/this is a message for the people in the office/);
  expect(transcription_info.duration).toBeLessThan(7);
});
