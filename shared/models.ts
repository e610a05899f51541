// The model catalogue. Input and output shapes: developers.cloudflare.com/workers-ai/models, read 2026-11-23.

export const TIERS = ["fast", "balanced", "accurate"] as const;
export type Tier = (typeof TIERS)[number];

export interface SpeechModel {
  readonly id: string;
  /** How the audio travels: an array of byte values, or base64. */
  readonly audio: "array" | "base64";
  /** Whether the model takes language, task, initialPrompt and vadFilter. */
  readonly takesOptions: boolean;
}

export const SPEECH_MODELS: Readonly<Record<Tier, SpeechModel>> = {
  fast: { id: "@cf/openai/whisper-tiny-en", audio: "array", takesOptions: false },
  balanced: { id: "@cf/openai/whisper", audio: "array", takesOptions: false },
  accurate: { id: "@cf/openai/whisper-large-v3-turbo", audio: "base64", takesOptions: true },
};

export const IMAGE_MODEL_NAMES = ["flux-1-schnell", "flux-2-dev", "flux-2-klein-4b", "flux-2-klein-9b"] as const;
export type ImageModelName = (typeof IMAGE_MODEL_NAMES)[number];

export interface ImageModel {
  readonly id: string;
  readonly input: "json" | "multipart";
  /** Options beyond the prompt that the model accepts; it refuses a request that carries any other. */
  readonly options: readonly ("steps" | "width" | "height" | "seed" | "guidance")[];
}

export const IMAGE_MODELS: Readonly<Record<ImageModelName, ImageModel>> = {
  "flux-1-schnell": { id: "@cf/black-forest-labs/flux-1-schnell", input: "json", options: ["steps"] },
  "flux-2-dev": {
    id: "@cf/black-forest-labs/flux-2-dev",
    input: "multipart",
    options: ["steps", "width", "height", "seed", "guidance"],
  },
  // The klein models are distilled to four steps.
  "flux-2-klein-4b": {
    id: "@cf/black-forest-labs/flux-2-klein-4b",
    input: "multipart",
    options: ["width", "height", "seed"],
  },
  "flux-2-klein-9b": {
    id: "@cf/black-forest-labs/flux-2-klein-9b",
    input: "multipart",
    options: ["width", "height", "seed"],
  },
};

/** Calls a minute that the platform allows an account (developers.cloudflare.com/workers-ai/platform/limits, read 2026-11-23). */
export const CALLS_A_MINUTE: Readonly<Record<string, number>> = {
  "@cf/openai/whisper-tiny-en": 720,
  "@cf/openai/whisper": 720,
  "@cf/openai/whisper-large-v3-turbo": 720,
  "@cf/black-forest-labs/flux-1-schnell": 720,
  "@cf/black-forest-labs/flux-2-dev": 720,
  "@cf/black-forest-labs/flux-2-klein-4b": 720,
  "@cf/black-forest-labs/flux-2-klein-9b": 720,
  "@cf/microsoft/resnet-50": 3000,
  "@cf/huggingface/distilbert-sst-2-int8": 2000,
};

export const IMAGE_CLASSIFIER = "@cf/microsoft/resnet-50";
export const TEXT_CLASSIFIER = "@cf/huggingface/distilbert-sst-2-int8";
