// What the real model would have charged for an input, so that budgets and ledgers behave offline as they do in
// production. Rates: developers.cloudflare.com/workers-ai/platform/pricing, page of 2026-08-28, read 2026-11-23.

const TILE_PIXELS = 512;
const MEGAPIXEL = 1024 * 1024;

export type Picture = { readonly width: number; readonly height: number };

export type Drawing = Picture & { readonly steps: number; readonly inputImages: number };

export const SPEECH_NEURONS_PER_MINUTE = {
  "@cf/openai/whisper": 41.14,
  // Beta: no price is listed.
  "@cf/openai/whisper-tiny-en": 0,
  "@cf/openai/whisper-large-v3-turbo": 46.63,
} as const;

export const RESNET_NEURONS_PER_PICTURE = 0.228;

export const DISTILBERT_NEURONS_PER_TOKEN = 2394 / 1_000_000;

const NEURONS_PER_MILLION_TOKENS = {
  "@cf/ibm-granite/granite-4.0-h-micro": { input: 1542, output: 10_158 },
  "@cf/meta/llama-3.2-1b-instruct": { input: 2457, output: 18_252 },
  "@cf/meta/llama-3.2-3b-instruct": { input: 4625, output: 30_475 },
  "@cf/meta/llama-3.1-8b-instruct-fp8-fast": { input: 4119, output: 34_868 },
  "@cf/baai/bge-m3": { input: 1075, output: 0 },
  "@cf/moondream/moondream3.1-9B-A2B": { input: 27_273, output: 90_909 },
} as const;

export type TokenModelName = keyof typeof NEURONS_PER_MILLION_TOKENS;

export function tokenNeurons(
  model: TokenModelName,
  { inputTokens, outputTokens }: { readonly inputTokens: number; readonly outputTokens: number },
): number {
  const rate = NEURONS_PER_MILLION_TOKENS[model];
  return (rate.input * inputTokens + rate.output * outputTokens) / 1_000_000;
}

/** Reference pictures are under 512 x 512 by the model's own rule, so each is one tile and less than a megapixel. */
export const drawingNeurons = {
  // Per tile AND step: the published sum reads otherwise, but 172.80 is what the header says for 1024 x 1024, 4 steps.
  "@cf/black-forest-labs/flux-1-schnell": (d: Drawing) => tiles(d) * (4.8 + 9.6 * d.steps),
  "@cf/black-forest-labs/flux-2-dev": (d: Drawing) => (18.75 * d.inputImages + 37.5 * tiles(d)) * d.steps,
  "@cf/black-forest-labs/flux-2-klein-4b": (d: Drawing) => 5.37 * d.inputImages + 26.05 * tiles(d),
  "@cf/black-forest-labs/flux-2-klein-9b": (d: Drawing) =>
    1363.64 + 181.82 * (megapixels(d) - 1) + 181.82 * d.inputImages,
  "@cf/leonardo/phoenix-1.0": (d: Drawing) => 530 * tiles(d) + 10 * d.steps,
  // Beta: free.
  "@cf/stabilityai/stable-diffusion-xl-base-1.0": () => 0,
} as const satisfies Record<string, (drawing: Drawing) => number>;

function tiles({ width, height }: Picture): number {
  return Math.ceil(width / TILE_PIXELS) * Math.ceil(height / TILE_PIXELS);
}

function megapixels({ width, height }: Picture): number {
  return Math.ceil((width * height) / MEGAPIXEL);
}
