import * as z from "zod";

import { AnswerDone, AnswerText, AnswerUsage } from "../generate/schema.ts";
import { ProblemBody } from "../http/problem.ts";

const Stretch = z.object({ startMs: z.int(), endMs: z.int() });

export const Covers = z
  .object({
    isWhole: z.boolean().describe("false if the model was given only the parts that fit the question"),
    durationMs: z.number().nullable().describe("the length of the recording; null for a text"),
    stretches: z
      .array(Stretch)
      .describe("the parts that the model was given, in the recording's time; empty for a text"),
  })
  .meta({ id: "Covers" });
export type Covers = z.infer<typeof Covers>;

export const AskStart = z
  .object({ jobId: z.string(), model: z.string(), covers: Covers })
  .meta({ id: "AskStart" })
  .describe("the event `start`: the model, and the part of the text that it was given");
export type AskStart = z.infer<typeof AskStart>;

/** The data of the events of an answer. */
export const AskEvent = z.union([AskStart, AnswerText, AnswerUsage, AnswerDone, ProblemBody]).meta({ id: "AskEvent" });

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
