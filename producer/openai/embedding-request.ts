import * as z from "zod";

import { boundedText } from "../../shared/input/bounded-text.ts";
import { EmbeddedText } from "../embeddings/requests.ts";
import { ModelName } from "./model-names.ts";

/** OpenAI's limit of texts in a call. */
const MAX_TEXTS = 2048;
const MAX_USER_CHARS = 1000;

const Tokens = z.array(z.int()).min(1);

export const EmbeddingRequest = z.strictObject({
  model: ModelName,
  input: z.union([
    EmbeddedText.transform((text) => [text]),
    z.array(EmbeddedText).min(1, "there is nothing to embed").max(MAX_TEXTS),
    Tokens.transform(() => null),
    z
      .array(Tokens)
      .min(1)
      .transform(() => null),
  ]),
  encoding_format: z.enum(["float", "base64"]).nullish(),
  dimensions: z.int().min(1).nullish(),
  user: boundedText({ max: MAX_USER_CHARS }).nullish(),
});
