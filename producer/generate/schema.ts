import * as z from "zod";

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
  })
  .meta({ id: "AnswerUsage" })
  .describe("the event `usage`, after the last text: what the answer cost. The event `done` follows, with `{}`");
export type AnswerUsage = z.infer<typeof AnswerUsage>;
