import * as z from "zod";

import { estimateLine } from "../../cost/estimate.ts";
import { Source } from "../../jobs/source.ts";
import { InputSteps } from "../../jobs/steps.ts";
import { MAX_CHAT_CHARS, MAX_PROMPT_FILE_CHARS } from "../../limits.ts";
import { contextTokens } from "../../models/fit-chat.ts";
import { jsonChat } from "../../models/json-output/json-chat.ts";
import { chatUnits } from "../../models/chat.ts";
import { ABOUT, oneOf, SourceKey } from "../about.ts";
import type { GivenWords, Kind } from "../kind.ts";
import { chatOf, textModelOf, TextOptions, TextPrompt } from "./options.ts";

export const TextInput = z.union([
  z.strictObject({ prompt: TextPrompt, options: TextOptions, then: InputSteps }),
  z.strictObject({ source: Source, options: TextOptions, then: InputSteps }),
]);
export type TextInput = z.infer<typeof TextInput>;

const kind = "text_generation";

export const TEXT_RESULT = "text.txt";
export const JSON_RESULT = "output.json";

export function promptOf(input: TextInput): GivenWords {
  if ("prompt" in input) return { maxChars: MAX_CHAT_CHARS, text: input.prompt };
  return { maxChars: MAX_PROMPT_FILE_CHARS, source: input.source };
}

/** The kind of job that writes a text, or JSON, as a prompt asks. */
export const textGeneration = {
  kind,
  options: TextOptions,
  input: TextInput,
  request: z
    .strictObject({
      kind: z.literal(kind),
      prompt: TextPrompt.optional(),
      source: SourceKey.optional(),
      options: TextOptions.prefault({}),
      ...ABOUT,
    })
    .superRefine(oneOf(["prompt", "source"])),
  tasks: { generate_text: 1 },
  firstTask: "generate_text",
  result: [TEXT_RESULT, JSON_RESULT],
  materials: ["a text"],
  // A text becomes a classification and a prompt a picture, unless the upload names this kind.
  uploads: { takes: ["text", "prompt"], described: "a text prompt", byDefault: [] },
  inputOf: (source, options) => ({ source, options }),
  modelOf: ({ options }) => textModelOf(options),
  // Rough, because only the model counts tokens, and it rarely writes all that it may.
  estimate(input) {
    const model = textModelOf(input.options);
    const { jsonSchema } = input.options;
    const chat = chatOf(input.options, "prompt" in input ? input.prompt : "");
    const { inputTokens = 0, outputTokens = 0 } = chatUnits(
      jsonSchema === undefined ? chat : jsonChat(chat, jsonSchema),
    );
    const fileTokens = "source" in input ? Math.ceil(input.source.sizeBytes / 4) : 0;
    const units = { inputTokens: Math.min(inputTokens + fileTokens, contextTokens(model)), outputTokens };
    return { lines: [estimateLine("generate_text", model, units)], isRough: true };
  },
  leaves: ({ options }) => ({ material: "a text", words: { maxTokens: options.maxTokens } }),
  tiers: {
    isNamed: () => false,
    optionsFor(tier, options) {
      const asked = TextOptions.safeParse({ ...options, tier });
      return asked.success ? asked.data : null;
    },
  },
} as const satisfies Kind<TextInput>;
