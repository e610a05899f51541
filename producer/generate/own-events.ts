import type { ModelCall } from "../../shared/models/model-call.ts";
import { problemBody } from "../http/problem.ts";
import type { WriteEvents } from "./answer-stream.ts";
import type { AnswerDone, AnswerText, AnswerUsage, FinishReason } from "./schema.ts";

/**
 * Darkroom's own events: `start`, the texts as they come (events without a name), `usage` and `done`. If the model breaks off, an
 * event `error` with a problem replaces the last two.
 */
export function ownEvents(start: object): WriteEvents {
  return {
    start: () => serverSentEvent("start", start),
    texts: (texts) => texts.map(textEvent).join(""),
    end: ({ call, isCut }) =>
      serverSentEvent("usage", usageOf(call())) +
      serverSentEvent("done", { finishReason: finishReasonOf(isCut()) } satisfies AnswerDone),
    failure: (problem) => serverSentEvent("error", problemBody(problem)),
  };
}

/** What an answer has cost, as clients see it. */
export function usageOf(call: ModelCall): AnswerUsage {
  const { units, neurons, isEstimated, engine, shape, firstTextMs, tokensASecond } = call;
  const { inputTokens = 0, outputTokens = 0 } = units;
  return {
    inputTokens,
    outputTokens,
    neurons,
    isEstimated,
    engine: engine ?? "",
    ...(shape !== undefined && { shape }),
    ...(firstTextMs !== undefined && { firstTextMs }),
    ...(tokensASecond !== undefined && { tokensASecond: Math.round(tokensASecond * 10) / 10 }),
  };
}

/** Why a model stopped: it had written everything, or as much as it may. */
export function finishReasonOf(isCut: boolean): FinishReason {
  return isCut ? "length" : "stop";
}

function textEvent(text: string): string {
  return `data: ${JSON.stringify({ text } satisfies AnswerText)}\n\n`;
}

function serverSentEvent(event: string, data: object): string {
  return `event: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
}
