import * as z from "zod";

import { boundedText } from "../../shared/input/bounded-text.ts";
import { MAX_QUESTION_CHARS } from "../../shared/limits.ts";
import { TIERS } from "../../shared/models/models.ts";
import { AnswerDone, AnswerText, AnswerUsage } from "../generate/schema.ts";
import { ProblemBody } from "../http/problem.ts";

/** The body of `POST /v1/jobs/{id}/ask`. */
export const AskRequest = z.strictObject({
  question: boundedText({ max: MAX_QUESTION_CHARS, min: 1, trim: true, empty: "the question is empty" }),
  tier: z.enum(TIERS).default("fast"),
});

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

// What the document's examples show. A test checks each of them against the schemas.

export const QUESTION = { question: "When does the survey come?" };

export const ANSWER = {
  answer: "The survey follows on Friday [00:03].",
  model: "@cf/ibm-granite/granite-4.0-h-micro",
  engine: "workers-ai",
  neurons: 0.84,
  covers: { isWhole: true, durationMs: 11400, stretches: [{ startMs: 0, endMs: 11400 }] },
};

export const ANSWER_EVENT = { text: "The survey follows" };
