import * as z from "zod";

const Stretch = z.object({ startMs: z.int(), endMs: z.int() });

export const Covers = z
  .object({
    isWhole: z.boolean().describe("false where the model was given the parts that the question's words are in"),
    durationMs: z.number().nullable().describe("of the recording; null for a text"),
    stretches: z.array(Stretch).describe("what it was given, in the recording's time; empty for a text"),
  })
  .meta({ id: "Covers" });
export type Covers = z.infer<typeof Covers>;

/** The data of the event `start`. */
export interface AskStart {
  readonly jobId: string;
  readonly model: string;
  readonly covers: Covers;
}

export const AskAnswer = z
  .object({
    answer: z.string(),
    model: z.string(),
    engine: z.string(),
    neurons: z.number(),
    covers: Covers,
  })
  .meta({ id: "AskAnswer" });
export type AskAnswer = z.infer<typeof AskAnswer>;
