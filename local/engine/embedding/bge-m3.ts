import * as z from "zod";

import { EMBEDDING_MODEL } from "../../../shared/models/models.ts";
import { neuronsFor } from "../../../shared/cost/neurons.ts";
import { type LocalModel, parseInputs } from "../model.ts";
import { countTokens } from "../text/words.ts";
import { DIMENSIONS, embed } from "./hashing.ts";

export const EMBEDDING_ENGINE = "feature-hashing/wordnet";

const MOST_TEXTS = 100;

const Texts = z
  .array(z.string().refine((text) => text.trim() !== "", "Type mismatch: 'string' that is not empty"))
  .min(1)
  .max(MOST_TEXTS);

const Input = z.object({
  text: z.preprocess((text) => (typeof text === "string" ? [text] : text), Texts),
  truncate_inputs: z.boolean().optional(),
});

/** Its vectors are not comparable with the real model's, so each of the two has its own index. */
export const bgeM3: LocalModel = async ({ inputs }) => {
  const { text: texts } = parseInputs(Input, inputs);
  const inputTokens = texts.reduce((sum, text) => sum + countTokens(text), 0);
  return {
    body: { shape: [texts.length, DIMENSIONS], data: texts.map(embed), pooling: "cls" },
    neurons: neuronsFor(EMBEDDING_MODEL, { inputTokens }),
    engine: EMBEDDING_ENGINE,
  };
};
