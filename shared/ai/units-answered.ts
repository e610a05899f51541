import * as z from "zod";

import type { Units } from "../models.ts";

const Tokens = z.number().nonnegative();

/** Where models say what an answer consumed: chat models, moondream, Whisper turbo. */
const Consumed = z.object({
  usage: z.object({ prompt_tokens: Tokens, completion_tokens: Tokens.optional() }).optional().catch(undefined),
  metrics: z.object({ input_tokens: Tokens, output_tokens: Tokens }).optional().catch(undefined),
  transcription_info: z.object({ duration: z.number().nonnegative() }).optional().catch(undefined),
});

/** What a model's answer says it consumed; an empty object where it does not. */
export function unitsAnswered(answer: unknown): Units {
  const parsed = Consumed.safeParse(answer);
  if (!parsed.success) return {};
  const { usage, metrics, transcription_info: speech } = parsed.data;
  return {
    ...(usage && { inputTokens: usage.prompt_tokens, outputTokens: usage.completion_tokens ?? 0 }),
    ...(metrics && { inputTokens: metrics.input_tokens, outputTokens: metrics.output_tokens }),
    ...(speech && { audioSeconds: speech.duration }),
  };
}
