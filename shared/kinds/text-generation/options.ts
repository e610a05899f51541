import * as z from "zod";

import { AnyObject, boundedText } from "../../input/bounded-text.ts";
import { MAX_CHAT_CHARS, MAX_CHAT_MESSAGES, MAX_OUTPUT_TOKENS, MAX_SYSTEM_CHARS } from "../../limits.ts";
import { TIERS } from "../../models/models.ts";

/** What the model is asked to write. */
export const TextPrompt = boundedText({ max: MAX_CHAT_CHARS, min: 1, trim: true, empty: "the prompt is empty" });

/** A message of the conversation before the prompt. */
const Earlier = z.strictObject({
  role: z.enum(["user", "assistant"]),
  content: boundedText({ max: MAX_CHAT_CHARS }),
});

/**
 * Options of a generated text: what comes before the prompt, how much the model may write, and what it must fit. With `jsonSchema`
 * the result is JSON. Lengths are in characters, and `maxTokens` in tokens of the model.
 */
export const TextOptions = z.strictObject({
  tier: z.enum(TIERS).default("fast"),
  system: boundedText({ max: MAX_SYSTEM_CHARS }).optional(),
  history: z.array(Earlier).max(MAX_CHAT_MESSAGES).optional(),
  maxTokens: z.int().min(1).max(MAX_OUTPUT_TOKENS).default(512),
  temperature: z.number().min(0).max(2).optional(),
  jsonSchema: AnyObject.optional(),
});
export type TextOptions = z.infer<typeof TextOptions>;
