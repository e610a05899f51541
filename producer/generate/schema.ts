import * as z from "zod";

import { JobTerms } from "../../shared/jobs/terms.ts";
import { TextOptions, TextPrompt } from "../../shared/kinds/text-generation/options.ts";
import { ProblemBody } from "../http/problem.ts";
import { CONSIDERED, ConsideredModel, ModelChoice } from "../jobs/schema.ts";

/**
 * The body of `POST /v1/generate`: the prompt with the options of a generated text beside it, as in `POST /v1/jobs/{id}/ask`.
 */
export const GenerateRequest = z.strictObject({
  prompt: TextPrompt,
  ...TextOptions.shape,
  tier: TextOptions.shape.tier.describe("`fast` by default; with a latency budget the best tier that may be chosen"),
  latencyBudgetMs: JobTerms.shape.latencyBudgetMs.describe(
    "the time until an answer of `maxTokens` tokens is complete",
  ),
  maxNeurons: JobTerms.shape.maxNeurons.describe(
    "the most that the answer may cost; a model that may cost more is not asked",
  ),
});
export type GenerateRequest = z.infer<typeof GenerateRequest>;

export const AnswerText = z
  .object({ text: z.string() })
  .meta({ id: "AnswerText" })
  .describe("an event without a name: the text that the model has written since the last event");
export type AnswerText = z.infer<typeof AnswerText>;

export const AnswerUsage = z
  .object({
    inputTokens: z.number(),
    outputTokens: z.number(),
    neurons: z.number(),
    isEstimated: z
      .boolean()
      .describe("whether the neurons come from the catalogue, because the platform reported none"),
    engine: z.string(),
    shape: z.string().optional().describe("the fields of the model's own events, without their values"),
    firstTextMs: z.number().optional().describe("for a stream: from asking the model to its first text"),
    tokensASecond: z
      .number()
      .optional()
      .describe("for a stream of more than ten tokens: how fast the model wrote, without its first text"),
  })
  .meta({ id: "AnswerUsage" })
  .describe("the event `usage`, after the last text: what the answer cost");
export type AnswerUsage = z.infer<typeof AnswerUsage>;

export const FinishReason = z
  .enum(["stop", "length"])
  .describe("`stop`: the model wrote everything; `length`: it wrote as many tokens as it may, and the text is cut");
export type FinishReason = z.infer<typeof FinishReason>;

export const AnswerDone = z
  .object({ finishReason: FinishReason })
  .meta({ id: "AnswerDone" })
  .describe("the event `done`, the last one");
export type AnswerDone = z.infer<typeof AnswerDone>;

export const CutNotice = z
  .object({
    messagesLeftOut: z.int().describe("how many messages of the history were left out, the oldest first"),
    promptCharsLeftOut: z.int().describe("how many characters were left out from the middle of the prompt"),
    instructionCharsLeftOut: z.int().describe("how many were left out from the middle of the instructions"),
    notice: z.string().describe("the same as a sentence"),
  })
  .meta({ id: "CutNotice" });
export type CutNotice = z.infer<typeof CutNotice>;

const ConsideredTextModel = ConsideredModel.extend({
  p50Ms: z.number().describe("half of the answers of `maxTokens` tokens end within this time"),
  firstTextMs: z.number().describe("95 of 100 streams begin within this time"),
  tokensASecond: z.number().describe("95 of 100 streams are at least this fast"),
  measuredCalls: z.int().describe("how many streams these figures are from; 0 if they are assumed"),
});

export const TextModelChoice = ModelChoice.extend({
  considered: z.array(ConsideredTextModel).readonly().optional().describe(CONSIDERED),
}).meta({ id: "TextModelChoice" });

const answering = {
  model: z.string().describe("the model that answers; a stand-in if the chosen one cannot"),
  choice: TextModelChoice.describe("the model that was chosen, and why"),
  cut: CutNotice.nullable().describe("what was left out because the model cannot read it; null if nothing was"),
};

export const GenerateStart = z
  .object(answering)
  .meta({ id: "GenerateStart" })
  .describe("the event `start`: the model, why it was chosen, and what it was not given");
export type GenerateStart = z.infer<typeof GenerateStart>;

/** The data of the events of a generated text. */
export const GenerateEvent = z
  .union([GenerateStart, AnswerText, AnswerUsage, AnswerDone, ProblemBody])
  .meta({ id: "GenerateEvent" });

export const GenerateAnswer = z
  .object({ text: z.string(), finishReason: FinishReason, ...answering, usage: AnswerUsage })
  .meta({ id: "GenerateAnswer" });
export type GenerateAnswer = z.infer<typeof GenerateAnswer>;
