// The one catalogue of models: what each is for, how it compares, what it takes, and what it costs.
// Input and output shapes: developers.cloudflare.com/workers-ai/models, read 2026-11-23.

/** What a model's price counts. A tile is 512 × 512 pixels, and a part of one counts as a whole; a megapixel is 1,048,576. */
export type Unit =
  | "audioSeconds"
  | "pictures"
  | "tiles"
  | "steps"
  | "furtherMegapixels"
  | "inputTiles"
  | "inputMegapixels"
  | "inputTokens"
  | "outputTokens";

/** How much of each unit one call consumed. */
export type Units = Readonly<Partial<Record<Unit, number>>>;

/** Neurons for the product of these units: `{ neurons: 9.6, per: ["tiles", "steps"] }`. */
interface Price {
  readonly neurons: number;
  readonly per: readonly Unit[];
}

export const MODEL_TASKS = ["speech", "image", "image_labels", "sentiment", "text", "caption", "embedding"] as const;
export type ModelTask = (typeof MODEL_TASKS)[number];

export const TIERS = ["fast", "balanced", "accurate"] as const;
export type Tier = (typeof TIERS)[number];

/** Half of the calls, and 95 of 100, take no longer. */
export interface Latency {
  readonly p50Ms: number;
  readonly p95Ms: number;
}

export interface Model {
  readonly task: ModelTask;
  /** The tier among the models of its task. A task with one model uses it for all tiers. */
  readonly tier: Tier;
  /** A call's price is their sum; empty if the platform lists none. */
  readonly prices: readonly Price[];
  /** The source of the prices, and the date of that page. */
  readonly priced: { readonly source: string; readonly asOf: string };
  /**
   * How long a call takes while nothing has been measured: a first guess, not the platform's figure. The account's own calls
   * replace it (shared/db/models/latencies.ts).
   */
  readonly assumed: Latency;
  /** Calls a minute that the platform allows an account (developers.cloudflare.com/workers-ai/platform/limits, read 2026-11-23). */
  readonly callsAMinute: number;
}

const assumed = (p50Ms: number, p95Ms: number): Latency => ({ p50Ms, p95Ms });

/** The price list of the platform. */
const LISTED = { source: "developers.cloudflare.com/workers-ai/platform/pricing", asOf: "2026-10-09" } as const;
const UNLISTED = { source: `${LISTED.source} (not listed: beta)`, asOf: LISTED.asOf } as const;

const perMillion = (neurons: number, unit: Unit): Price => ({ neurons: neurons / 1_000_000, per: [unit] });
const tokens = (input: number, output: number) => [
  perMillion(input, "inputTokens"),
  perMillion(output, "outputTokens"),
];
const perMinute = (neurons: number): readonly Price[] => [{ neurons: neurons / 60, per: ["audioSeconds"] }];

export const MODELS = {
  "@cf/openai/whisper-tiny-en": {
    task: "speech",
    tier: "fast",
    prices: [],
    priced: UNLISTED,
    assumed: assumed(1500, 4000),
    callsAMinute: 720,
  },
  "@cf/openai/whisper": {
    task: "speech",
    tier: "balanced",
    prices: perMinute(41.14),
    priced: LISTED,
    assumed: assumed(4000, 10000),
    callsAMinute: 720,
  },
  "@cf/openai/whisper-large-v3-turbo": {
    task: "speech",
    tier: "accurate",
    prices: perMinute(46.63),
    priced: LISTED,
    assumed: assumed(3000, 8000),
    callsAMinute: 720,
  },
  "@cf/black-forest-labs/flux-1-schnell": {
    task: "image",
    tier: "fast",
    // Per tile and step. The page reads differently, but the header says 172.80 for 1024 × 1024 in four steps.
    prices: [
      { neurons: 4.8, per: ["tiles"] },
      { neurons: 9.6, per: ["tiles", "steps"] },
    ],
    priced: { source: `${LISTED.source}, read as users' cf-ai-neurons headers show`, asOf: LISTED.asOf },
    assumed: assumed(2000, 5000),
    callsAMinute: 720,
  },
  "@cf/black-forest-labs/flux-2-klein-4b": {
    task: "image",
    tier: "balanced",
    prices: [
      { neurons: 26.05, per: ["tiles"] },
      { neurons: 5.37, per: ["inputTiles"] },
    ],
    priced: LISTED,
    assumed: assumed(3000, 8000),
    callsAMinute: 720,
  },
  "@cf/black-forest-labs/flux-2-klein-9b": {
    task: "image",
    tier: "accurate",
    prices: [
      { neurons: 1363.64, per: ["pictures"] },
      { neurons: 181.82, per: ["furtherMegapixels"] },
      { neurons: 181.82, per: ["inputMegapixels"] },
    ],
    priced: LISTED,
    assumed: assumed(6000, 15000),
    callsAMinute: 720,
  },
  "@cf/black-forest-labs/flux-2-dev": {
    task: "image",
    tier: "accurate",
    prices: [
      { neurons: 37.5, per: ["tiles", "steps"] },
      { neurons: 18.75, per: ["inputTiles", "steps"] },
    ],
    priced: LISTED,
    assumed: assumed(20000, 60000),
    callsAMinute: 720,
  },
  "@cf/microsoft/resnet-50": {
    task: "image_labels",
    tier: "fast",
    prices: [perMillion(228_055, "pictures")],
    priced: LISTED,
    assumed: assumed(300, 1000),
    callsAMinute: 3000,
  },
  "@cf/huggingface/distilbert-sst-2-int8": {
    task: "sentiment",
    tier: "fast",
    prices: [perMillion(2394, "inputTokens")],
    priced: LISTED,
    assumed: assumed(200, 800),
    callsAMinute: 2000,
  },
  "@cf/ibm-granite/granite-4.0-h-micro": {
    task: "text",
    tier: "fast",
    prices: tokens(1542, 10_158),
    priced: LISTED,
    assumed: assumed(2000, 6000),
    callsAMinute: 300,
  },
  "@cf/meta/llama-3.2-3b-instruct": {
    task: "text",
    tier: "balanced",
    prices: tokens(4625, 30_475),
    priced: LISTED,
    assumed: assumed(3000, 9000),
    callsAMinute: 300,
  },
  "@cf/meta/llama-3.1-8b-instruct-fp8-fast": {
    task: "text",
    tier: "accurate",
    prices: tokens(4119, 34_868),
    priced: LISTED,
    assumed: assumed(4000, 12000),
    callsAMinute: 300,
  },
  "@cf/moondream/moondream3.1-9B-A2B": {
    task: "caption",
    tier: "fast",
    prices: tokens(27_273, 90_909),
    priced: LISTED,
    assumed: assumed(2000, 6000),
    callsAMinute: 720,
  },
  "@cf/baai/bge-m3": {
    task: "embedding",
    tier: "fast",
    prices: [perMillion(1075, "inputTokens")],
    priced: LISTED,
    assumed: assumed(300, 1200),
    callsAMinute: 3000,
  },
} as const satisfies Record<string, Model>;

export type ModelId = keyof typeof MODELS;

export function findModel(id: string): Model | undefined {
  return Object.hasOwn(MODELS, id) ? MODELS[id as ModelId] : undefined;
}

/** Return how many calls a minute each model allows. */
export function callsAMinute(): Readonly<Record<string, number>> {
  return Object.fromEntries(Object.entries(MODELS).map(([id, model]) => [id, model.callsAMinute]));
}

export interface SpeechModel {
  readonly id: ModelId;
  /** How the audio is sent: as an array of byte values, or as base64. */
  readonly audio: "array" | "base64";
  /** Whether the model takes language, task, initialPrompt and vadFilter. */
  readonly takesOptions: boolean;
  /** The only language it knows, if there is one. */
  readonly language?: string;
}

export const SPEECH_MODELS: Readonly<Record<Tier, SpeechModel>> = {
  fast: { id: "@cf/openai/whisper-tiny-en", audio: "array", takesOptions: false, language: "en" },
  balanced: { id: "@cf/openai/whisper", audio: "array", takesOptions: false },
  accurate: { id: "@cf/openai/whisper-large-v3-turbo", audio: "base64", takesOptions: true },
};

export const IMAGE_MODEL_NAMES = ["flux-1-schnell", "flux-2-dev", "flux-2-klein-4b", "flux-2-klein-9b"] as const;
export type ImageModelName = (typeof IMAGE_MODEL_NAMES)[number];

export interface ImageModel {
  readonly id: ModelId;
  readonly input: "json" | "multipart";
  /** Options besides the prompt that the model accepts; it refuses a request with any other. */
  readonly options: readonly ("steps" | "width" | "height" | "seed" | "guidance")[];
  /** What is generated if nothing else is asked for. */
  readonly defaults: { readonly width: number; readonly height: number; readonly steps: number };
}

export const IMAGE_MODELS: Readonly<Record<ImageModelName, ImageModel>> = {
  "flux-1-schnell": {
    id: "@cf/black-forest-labs/flux-1-schnell",
    input: "json",
    options: ["steps"],
    defaults: { width: 1024, height: 1024, steps: 4 },
  },
  "flux-2-dev": {
    id: "@cf/black-forest-labs/flux-2-dev",
    input: "multipart",
    options: ["steps", "width", "height", "seed", "guidance"],
    // The platform's default is 25 steps, and users report that it times out (408) from 20 on.
    defaults: { width: 1024, height: 768, steps: 12 },
  },
  // The klein models are distilled to four steps.
  "flux-2-klein-4b": {
    id: "@cf/black-forest-labs/flux-2-klein-4b",
    input: "multipart",
    options: ["width", "height", "seed", "guidance"],
    defaults: { width: 1024, height: 768, steps: 4 },
  },
  "flux-2-klein-9b": {
    id: "@cf/black-forest-labs/flux-2-klein-9b",
    input: "multipart",
    options: ["width", "height", "seed", "guidance"],
    defaults: { width: 1024, height: 768, steps: 4 },
  },
};

/** The model that generates a tier's pictures. The most accurate costs about ten times the others. */
export const IMAGE_TIERS: Readonly<Record<Tier, ImageModelName>> = {
  fast: "flux-1-schnell",
  balanced: "flux-2-klein-4b",
  accurate: "flux-2-klein-9b",
};

export const IMAGE_CLASSIFIER = "@cf/microsoft/resnet-50" satisfies ModelId;
export const TEXT_CLASSIFIER = "@cf/huggingface/distilbert-sst-2-int8" satisfies ModelId;
export const TEXT_MODELS = {
  fast: "@cf/ibm-granite/granite-4.0-h-micro",
  balanced: "@cf/meta/llama-3.2-3b-instruct",
  accurate: "@cf/meta/llama-3.1-8b-instruct-fp8-fast",
} as const satisfies Record<Tier, ModelId>;
export const CAPTION_MODEL = "@cf/moondream/moondream3.1-9B-A2B" satisfies ModelId;
export const EMBEDDING_MODEL = "@cf/baai/bge-m3" satisfies ModelId;
