import * as z from "zod";

import { boundedText } from "../../shared/input/bounded-text.ts";
import { CONTEXT_BYTES, CONTEXT_TOKENS, TEXTS_A_CALL } from "../../shared/search/embed-texts.ts";

const encoder = new TextEncoder();

/** A text to embed. The model refuses a longer one. */
export const EmbeddedText = boundedText({ max: CONTEXT_BYTES, min: 1, empty: "the text is empty" }).superRefine(
  (text, context) => {
    const bytes = text.length * 3 <= CONTEXT_BYTES ? 0 : encoder.encode(text).length;
    if (bytes <= CONTEXT_BYTES) return;
    const message = `the text has ${bytes} bytes; the limit is ${CONTEXT_BYTES}, which are at most the ${CONTEXT_TOKENS} tokens that the model reads. Split it into several texts`;
    context.addIssue({ code: "custom", message });
  },
);

/** The body of `POST /v1/embeddings`. */
export const EmbeddingRequest = z.strictObject({
  texts: z
    .array(EmbeddedText)
    .min(1, "there is nothing to embed")
    .max(TEXTS_A_CALL, `a call takes at most ${TEXTS_A_CALL} texts`),
});
