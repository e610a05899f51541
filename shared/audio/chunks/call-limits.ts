import { SPEECH_MODELS, type SpeechModel, type Tier } from "../../models/models.ts";
import { ARRAY_CHUNK_MAX_BYTES, CHUNK_MAX_BYTES, CHUNK_MS } from "./limits.ts";

/** What one call to a model takes. */
export interface CallLimits {
  readonly maxMs: number;
  /** Of the file, whatever it becomes on its way. */
  readonly maxBytes: number;
}

const LIMITS: Readonly<Record<SpeechModel["audio"], CallLimits>> = {
  base64: { maxMs: CHUNK_MS, maxBytes: CHUNK_MAX_BYTES },
  array: { maxMs: CHUNK_MS, maxBytes: ARRAY_CHUNK_MAX_BYTES },
};

export function callLimits(tier: Tier): CallLimits {
  return LIMITS[SPEECH_MODELS[tier].audio];
}
