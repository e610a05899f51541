// The cost of calls, calculated by hand from the platform's price list (developers.cloudflare.com/workers-ai/platform/pricing,
// 2026-10-09) and the models' own pages. No price comes from the catalogue: the calculation is next to each figure.
import { type Model, recording, said, work } from "./measured.ts";

export interface TableCase {
  readonly name: string;
  /** Calculated by hand. */
  readonly neurons: number;
  /** Calculated by the meter. */
  readonly measure: () => Promise<number>;
}

const picture = (options: object) => work({ kind: "image_generation", input: { prompt: "a harbour", options } });
const text = (characters: number) =>
  work({ kind: "classification", input: { text: "x".repeat(characters), options: {} } });
const photo = { source: { key: "a.jpg", etag: "", sizeBytes: 9 }, media: "image", options: {} };
const spoken = (model: Model, seconds: number) => said(model, { expected: { audioSeconds: seconds } });
const TURBO = "@cf/openai/whisper-large-v3-turbo";
const SCHNELL = "@cf/black-forest-labs/flux-1-schnell";
const chat = { body: { response: "yes", usage: { prompt_tokens: 1000, completion_tokens: 500 } } };

export const TABLE: readonly TableCase[] = [
  // Speech: 41.14 and 46.63 neurons a minute of audio. whisper-tiny-en is beta and has no listed price.
  // 41.14 × 90 s / 60 = 41.14 × 1.5
  { name: "whisper, 90 s", neurons: 61.71, measure: () => spoken("@cf/openai/whisper", 90) },
  { name: "whisper-tiny-en, a minute", neurons: 0, measure: () => spoken("@cf/openai/whisper-tiny-en", 60) },
  // 46.63 / 2
  { name: "whisper-large-v3-turbo, half a minute", neurons: 23.315, measure: () => recording(30, "accurate") },
  // Chunks hold at most 60 s, and a cut without silence overlaps 2.5 s on either side. 130 s are cut at 55 s and, because the
  // rest is divided evenly, at 92.5 s: 130 + 2 × 5 = 140 s. 46.63 × 140 / 60 = 6528.2 / 60
  { name: "turbo, 130 s in three chunks", neurons: 6528.2 / 60, measure: () => recording(130, "accurate") },
  // One second more than a chunk holds: one cut, at 30.5 s. 61 + 5 = 66 s. 41.14 × 1.1
  { name: "whisper, 61 s in two chunks", neurons: 45.254, measure: () => recording(61, "balanced") },
  // Exactly one chunk: no cut, no overlap.
  { name: "turbo, 60 s whole", neurons: 46.63, measure: () => recording(60, "accurate") },
  // An hour: 64 cuts 55 s apart (to 3,520 s) and one half-way through the last 80 s. 3600 + 65 × 5 = 3925 s.
  // 46.63 × 3925 / 60 = 183022.75 / 60
  { name: "turbo, an hour in 66 chunks", neurons: 183_022.75 / 60, measure: () => recording(3600, "accurate") },
  // The bill follows transcription_info.duration in the answer: 46.63 × 29.4 / 60 = 1370.922 / 60
  {
    name: "turbo, answered without a header but with its length",
    neurons: 22.8487,
    measure: () =>
      said(TURBO, { expected: { audioSeconds: 30 }, body: { text: "", transcription_info: { duration: 29.4 } } }),
  },

  // FLUX.1 schnell: 4.80 a tile of 512 × 512 and 9.60 a tile and step; always 1024 × 1024, four tiles.
  // 4 × 4.80 + 4 × 4 × 9.60 = 19.2 + 153.6
  { name: "flux-1-schnell, four steps", neurons: 172.8, measure: () => picture({}) },
  // 19.2 + 4 × 8 × 9.60 = 19.2 + 307.2
  { name: "flux-1-schnell, eight steps", neurons: 326.4, measure: () => picture({ steps: 8 }) },
  // FLUX.2 dev: 37.50 a tile and step. 1024 × 768 is 2 × 2 tiles, because a started tile counts as whole; 12 steps: 4 × 12 × 37.5
  { name: "flux-2-dev with its defaults", neurons: 1800, measure: () => picture({ model: "flux-2-dev" }) },
  // 1 × 10 × 37.5
  {
    name: "flux-2-dev, one tile",
    neurons: 375,
    measure: () => picture({ model: "flux-2-dev", width: 512, height: 512, steps: 10 }),
  },
  // One pixel over: 2 × 10 × 37.5
  {
    name: "flux-2-dev, a tile and a pixel",
    neurons: 750,
    measure: () => picture({ model: "flux-2-dev", width: 513, height: 512, steps: 10 }),
  },
  // FLUX.2 klein 4B: 26.05 a tile, which includes its four steps. 4 × 26.05
  { name: "flux-2-klein-4b with its defaults", neurons: 104.2, measure: () => picture({ model: "flux-2-klein-4b" }) },
  // One pixel over 1024 × 1024: 3 × 2 tiles × 26.05
  {
    name: "flux-2-klein-4b, four tiles and a pixel",
    neurons: 156.3,
    measure: () => picture({ model: "flux-2-klein-4b", width: 1025, height: 1024 }),
  },
  // FLUX.2 klein 9B: 1363.64 for the first megapixel (1024 × 1024 = 1,048,576), 181.82 for each further one.
  { name: "flux-2-klein-9b with its defaults", neurons: 1363.64, measure: () => picture({ model: "flux-2-klein-9b" }) },
  // 1,049,600 pixels: 1363.64 + 181.82
  {
    name: "flux-2-klein-9b, a megapixel and a row",
    neurons: 1545.46,
    measure: () => picture({ model: "flux-2-klein-9b", width: 1025, height: 1024 }),
  },
  // 3,686,400 pixels are 3.52 megapixels: 1363.64 + 3 × 181.82 = 1363.64 + 545.46
  {
    name: "flux-2-klein-9b, the largest",
    neurons: 1909.1,
    measure: () => picture({ model: "flux-2-klein-9b", width: 1920, height: 1920 }),
  },

  // 228,055 a million pictures.
  { name: "resnet-50", neurons: 0.228055, measure: () => work({ kind: "classification", input: photo }) },
  // 2,394 a million tokens. Without a count, four characters are one token. 400 / 4 = 100 tokens
  { name: "distilbert, 400 characters", neurons: 0.2394, measure: () => text(400) },
  // 401 characters are 101 tokens
  { name: "distilbert, one character more", neurons: 0.241794, measure: () => text(401) },

  // Chat models report their own tokens: 1,000 in and 500 out.
  // 1.542 + 10.158 / 2
  {
    name: "granite-4.0-h-micro",
    neurons: 6.621,
    measure: () => said("@cf/ibm-granite/granite-4.0-h-micro", { expected: { inputTokens: 1 }, ...chat }),
  },
  // 4.625 + 30.475 / 2
  {
    name: "llama-3.2-3b-instruct",
    neurons: 19.8625,
    measure: () => said("@cf/meta/llama-3.2-3b-instruct", { expected: { inputTokens: 1 }, ...chat }),
  },
  // 4.119 + 34.868 / 2
  {
    name: "llama-3.1-8b-instruct-fp8-fast",
    neurons: 21.553,
    measure: () => said("@cf/meta/llama-3.1-8b-instruct-fp8-fast", { expected: { inputTokens: 1 }, ...chat }),
  },
  // Moondream reports its tokens in `metrics`. 27,273 and 90,909 a million: 800 × 0.027273 + 40 × 0.090909 = 21.8184 + 3.63636
  {
    name: "moondream3.1",
    neurons: 25.45476,
    measure: () =>
      said("@cf/moondream/moondream3.1-9B-A2B", {
        expected: {},
        body: { caption: "a cup", metrics: { input_tokens: 800, output_tokens: 40 } },
      }),
  },
  // Wrapped in `result`, with the neurons in its usage: those are used, not calculated.
  {
    name: "moondream3.1, wrapped in result",
    neurons: 5,
    measure: () =>
      said("@cf/moondream/moondream3.1-9B-A2B", {
        expected: {},
        body: { result: { caption: "a cup" }, usage: { prompt_tokens: 735, completion_tokens: 20, neurons: 5 } },
      }),
  },
  // 1,075 a million: 2,000 × 0.001075
  { name: "bge-m3", neurons: 2.15, measure: () => said("@cf/baai/bge-m3", { expected: { inputTokens: 2000 } }) },

  // The header counts, whatever the list says.
  {
    name: "a header",
    neurons: 171.9,
    measure: () => said(SCHNELL, { expected: { tiles: 4, steps: 4 }, headers: { "cf-ai-neurons": "171.9" } }),
  },
  // But a 0 does not count for a model with a price: the same as four steps above.
  {
    name: "a header of 0 for a model with a price",
    neurons: 172.8,
    measure: () => said(SCHNELL, { expected: { tiles: 4, steps: 4 }, headers: { "cf-ai-neurons": "0" } }),
  },
  {
    name: "a header of 0 for a model without one",
    neurons: 0,
    measure: () =>
      said("@cf/openai/whisper-tiny-en", { expected: { audioSeconds: 60 }, headers: { "cf-ai-neurons": "0" } }),
  },
  // A refusal that reports no neurons costs none.
  { name: "refused", neurons: 0, measure: () => said(SCHNELL, { expected: { tiles: 4, steps: 4 }, status: 429 }) },
  // Without an answer the call may have run: the same as four steps above.
  {
    name: "unanswered",
    neurons: 172.8,
    measure: () => said(SCHNELL, { expected: { tiles: 4, steps: 4 }, status: null }),
  },
];
