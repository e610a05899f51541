import * as z from "zod";

import { ProblemBody } from "../http/problem.ts";

const Stretch = z.object({ startMs: z.int(), endMs: z.int() });

export const Covers = z
  .object({
    isWhole: z.boolean().describe("false where the model was given the parts that the question's words are in"),
    durationMs: z.number().nullable().describe("of the recording; null for a text"),
    stretches: z.array(Stretch).describe("what it was given, in the recording's time; empty for a text"),
  })
  .meta({ id: "Covers" });
export type Covers = z.infer<typeof Covers>;

export const AskStart = z
  .object({ jobId: z.string(), model: z.string(), covers: Covers })
  .meta({ id: "AskStart" })
  .describe("the event `start`: what is asked, and about what");
export type AskStart = z.infer<typeof AskStart>;

export const AskText = z
  .object({ text: z.string() })
  .meta({ id: "AskText" })
  .describe("an event without a name: what the model has written since the last one");
export type AskText = z.infer<typeof AskText>;

export const AskUsage = z
  .object({
    inputTokens: z.number(),
    outputTokens: z.number(),
    neurons: z.number(),
    isEstimated: z.boolean().describe("whether the neurons are by the catalogue, as the platform named none"),
    engine: z.string(),
    shape: z.string().optional().describe("the fields that the model's own events had, without their values"),
  })
  .meta({ id: "AskUsage" })
  .describe("the event `usage`, after the last text: what the answer cost. The event `done` follows, with `{}`");
export type AskUsage = z.infer<typeof AskUsage>;

/** The data of the events of an answer. */
export const AskEvent = z.union([AskStart, AskText, AskUsage, ProblemBody]).meta({ id: "AskEvent" });

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
