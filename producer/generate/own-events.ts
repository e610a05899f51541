import type { ModelCall } from "../../shared/models/model-call.ts";
import { problemBody } from "../http/problem.ts";
import type { WriteEvents } from "./answer-stream.ts";
import type { AnswerText, AnswerUsage } from "./schema.ts";

/**
 * Darkroom's own events: `start`, the texts as they come (events without a name), `usage` and `done`. If the model breaks off, an
 * event `error` with a problem replaces the last two.
 */
export function ownEvents(start: object): WriteEvents {
  return {
    start: () => serverSentEvent("start", start),
    texts: (texts) => texts.map(textEvent).join(""),
    end: ({ call }) => serverSentEvent("usage", usageOf(call())) + serverSentEvent("done", {}),
    failure: (problem) => serverSentEvent("error", problemBody(problem)),
  };
}

/** What an answer has cost, as clients see it. */
export function usageOf({ units, neurons, isEstimated, engine, shape }: ModelCall): AnswerUsage {
  const { inputTokens = 0, outputTokens = 0 } = units;
  const usage = { inputTokens, outputTokens, neurons, isEstimated, engine: engine ?? "" };
  return { ...usage, ...(shape !== undefined && { shape }) };
}

function textEvent(text: string): string {
  return `data: ${JSON.stringify({ text } satisfies AnswerText)}\n\n`;
}

function serverSentEvent(event: string, data: object): string {
  return `event: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
}
