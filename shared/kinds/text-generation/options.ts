import * as z from "zod";

import { AnyObject, boundedText } from "../../input/bounded-text.ts";
import { MAX_CHAT_CHARS, MAX_CHAT_MESSAGES, MAX_OUTPUT_TOKENS, MAX_SYSTEM_CHARS } from "../../limits.ts";
import { readSchema } from "../../models/json-output/read-schema.ts";
import { type ModelId, TEXT_MODELS, TIERS } from "../../models/models.ts";
import type { Chat } from "../../models/chat.ts";

/** What the model is asked to write. */
export const TextPrompt = boundedText({ max: MAX_CHAT_CHARS, min: 1, trim: true, empty: "the prompt is empty" });

/** A message of the conversation before the prompt. */
const Earlier = z.strictObject({
  role: z.enum(["user", "assistant"]),
  content: boundedText({ max: MAX_CHAT_CHARS }),
});

/** A JSON Schema. What would not be validated is refused. */
export const OutputSchema = AnyObject.superRefine((schema, context) => {
  const read = readSchema(schema);
  if (!read.ok) context.addIssue({ code: "custom", path: [...read.path], message: read.message });
});

/**
 * Options of a generated text: what comes before the prompt, how much the model may write, and what it must fit. With `jsonSchema`
 * the result is JSON. Lengths are in characters, and `maxTokens` in tokens of the model. Without `tier` it is the fast one, or the
 * one that a latency budget allows.
 */
export const TextOptions = z.strictObject({
  tier: z.enum(TIERS).optional(),
  system: boundedText({ max: MAX_SYSTEM_CHARS }).optional(),
  history: z.array(Earlier).max(MAX_CHAT_MESSAGES).optional(),
  maxTokens: z.int().min(1).max(MAX_OUTPUT_TOKENS).default(512),
  temperature: z.number().min(0).max(2).optional(),
  jsonSchema: OutputSchema.optional(),
});
export type TextOptions = z.infer<typeof TextOptions>;

export function textModelOf({ tier = "fast" }: Pick<TextOptions, "tier">): ModelId {
  return TEXT_MODELS[tier];
}

/** What a text model is asked, without a word about JSON. */
export function chatOf({ system = "", history = [], maxTokens, temperature }: TextOptions, prompt: string): Chat {
  const rules = system.trim() === "" ? [] : [{ role: "system", content: system } as const];
  return { messages: [...rules, ...history, { role: "user", content: prompt }], maxTokens, temperature };
}
