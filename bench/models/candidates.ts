import {
  IMAGE_CLASSIFIER,
  IMAGE_MODELS,
  MODELS,
  type ModelId,
  SPEECH_MODELS,
  TEXT_CLASSIFIER,
  TEXT_MODELS,
} from "../../shared/models/models.ts";
import { type JobWork, kindOf } from "../../shared/kinds/index.ts";

/** A model that can do a kind of work, and the options that select it. */
export interface Candidate {
  readonly model: ModelId;
  readonly options: Readonly<Record<string, string>>;
}

/** Files of one group are the same kind of work, so their models are compared with each other. */
export type Group = "recordings" | "prompts" | "pictures" | "texts" | "text prompts";

export function groupOf({ kind, input }: JobWork): Group {
  const leaves = kindOf(kind).leaves(input);
  switch (leaves.material) {
    case "a transcript":
      return "recordings";
    case "a text":
      // A text that was written has a most of tokens; one that was given has not.
      return "maxTokens" in leaves.words ? "text prompts" : "texts";
    case "a picture":
      return leaves.picture === "result" ? "prompts" : "pictures";
  }
}

/** The largest model comes first; the others are compared with it. */
export const CANDIDATES: Readonly<Record<Group, readonly Candidate[]>> = {
  recordings: (["accurate", "balanced", "fast"] as const).map((tier) => ({
    model: SPEECH_MODELS[tier].id,
    options: { tier },
  })),
  prompts: (["flux-2-dev", "flux-2-klein-9b", "flux-2-klein-4b", "flux-1-schnell"] as const).map((model) => ({
    model: IMAGE_MODELS[model].id,
    options: { model },
  })),
  pictures: [{ model: IMAGE_CLASSIFIER, options: {} }],
  texts: [{ model: TEXT_CLASSIFIER, options: {} }],
  "text prompts": (["accurate", "balanced", "fast"] as const).map((tier) => ({
    model: TEXT_MODELS[tier],
    options: { tier },
  })),
};

/** A known limit of a model that its recommendation has to mention; null if there is none. */
export function caveatOf(model: ModelId): string | null {
  const isEnglishOnly = Object.values(SPEECH_MODELS).some(({ id, language }) => id === model && language === "en");
  if (isEnglishOnly) return "it transcribes English only";
  return MODELS[model].prices.length === 0 ? "the platform lists no price for it" : null;
}
