import * as z from "zod";

const ms = z.int().min(0);

export const Word = z.strictObject({ startMs: ms, endMs: ms, text: z.string() });
export type Word = z.infer<typeof Word>;

/** A timed piece of a transcript. `words` is empty where the model gave no word times. */
export const Segment = z.strictObject({ startMs: ms, endMs: ms, text: z.string(), words: z.array(Word) });
export type Segment = z.infer<typeof Segment>;

/** `transcript.json`, the same whatever the model. Times are those of the source. */
export const Transcript = z.strictObject({
  model: z.string(),
  engine: z.string(),
  language: z.string().nullable(),
  durationMs: ms.nullable(),
  text: z.string(),
  segments: z.array(Segment),
});
export type Transcript = z.infer<typeof Transcript>;
