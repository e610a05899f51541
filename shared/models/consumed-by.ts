import * as z from "zod";

import type { Units } from "./models.ts";

const Count = z.number().nonnegative();

const Usage = z.object({
  prompt_tokens: Count.optional(),
  completion_tokens: Count.optional(),
  /** Reported for some models, in whole neurons or more exactly. */
  neurons: Count.optional(),
});

/** The fields in which models report what an answer consumed: chat models, moondream, Whisper turbo. */
const Consumed = z.object({
  usage: Usage.nullish().catch(undefined),
  metrics: z.object({ input_tokens: Count, output_tokens: Count }).nullish().catch(undefined),
  transcription_info: z.object({ duration: Count.optional() }).nullish().catch(undefined),
});

/** Moondream's answer may be wrapped; its usage is then next to the answer. */
const Answer = Consumed.extend({ result: Consumed.nullish().catch(undefined) });

/** Return what an answer reports that it consumed: no units if it reports none, no neurons if it names none. */
export function consumedBy(answer: unknown): { readonly units: Units; readonly neurons: number | undefined } {
  const parsed = Answer.safeParse(answer);
  if (!parsed.success) return { units: {}, neurons: undefined };
  const { usage, result } = parsed.data;
  const metrics = parsed.data.metrics ?? result?.metrics;
  const seconds = (parsed.data.transcription_info ?? result?.transcription_info)?.duration;
  return {
    units: {
      ...(usage?.prompt_tokens !== undefined && {
        inputTokens: usage.prompt_tokens,
        outputTokens: usage.completion_tokens ?? 0,
      }),
      ...(metrics && { inputTokens: metrics.input_tokens, outputTokens: metrics.output_tokens }),
      ...(seconds !== undefined && { audioSeconds: seconds }),
    },
    neurons: usage?.neurons,
  };
}
