import type { Context } from "hono";

import { readSchema } from "../../shared/models/json-output/read-schema.ts";
import type { ModelId } from "../../shared/models/models.ts";
import type { ModelCall } from "../../shared/models/model-call.ts";
import type { Chat } from "../../shared/models/writer.ts";
import { tokensOf } from "../../shared/cost/neurons.ts";
import type { WriteEvents } from "../generate/answer-stream.ts";
import { askJson, askJsonInEvents, sumOf } from "../generate/ask-json.ts";
import { askInEvents, askWhole } from "../generate/ask-model.ts";
import type { App } from "../http/app.ts";
import { problem } from "../http/problem.ts";
import type { WrittenText } from "./completion-shape.ts";
import { openAiError } from "./errors.ts";
import type { WantedJson } from "./text-request.ts";

export interface AnswerRequest {
  readonly models: readonly [ModelId, ...ModelId[]];
  readonly chat: Chat;
  readonly stopSequences: readonly string[];
  readonly json: WantedJson | null;
  readonly isStream: boolean;
}

/** How the route writes an answer, once it is known which model answers. */
export interface AnswerShapes {
  readonly whole: (model: ModelId, written: WrittenText) => object;
  readonly events: (model: ModelId) => WriteEvents;
}

/** Ask the models, and answer in the route's shape: text or JSON, whole or as events. */
export async function answerChat(
  c: Context<App>,
  { models, chat, stopSequences, json, isStream }: AnswerRequest,
  { whole, events }: AnswerShapes,
): Promise<Response> {
  const request = { models, chat, usedFor: "generate" } as const;
  if (json === null) {
    if (isStream) {
      const started = await askInEvents(c, { ...request, stopSequences }, events);
      return started.ok ? started.response : problem(c, started.problem);
    }
    const answered = await askWhole(c, { ...request, stopSequences });
    if (!answered.ok) return problem(c, answered.problem);
    const { answer, model, settle } = answered;
    c.executionCtx.waitUntil(settle(answer.calls));
    return c.json(whole(model, writtenBy(answer, chat.maxTokens)));
  }
  const { schema } = json;
  const read = readSchema(schema);
  if (!read.ok) {
    const param = [json.at, ...read.path].join(".");
    const message = `Invalid '${param}': ${read.message}`;
    return openAiError(c, { status: 400, message, type: "invalid_request_error", param, code: "invalid_json_schema" });
  }
  if (isStream) {
    const started = await askJsonInEvents(c, { ...request, schema }, events);
    return started.ok ? started.response : problem(c, started.problem);
  }
  const answered = await askJson(c, { ...request, schema });
  if (!answered.ok) return problem(c, answered.problem);
  const { answer, model, settle } = answered;
  c.executionCtx.waitUntil(settle(answer.calls));
  return c.json(whole(model, writtenBy({ ...answer, isCut: false }, 2 * chat.maxTokens)));
}

/** A model that does not say how much it wrote is charged for the most that it may write. Its client is shown an estimate. */
function writtenBy(
  { text, engine, isCut, calls }: { text: string; engine: string; isCut: boolean; calls: readonly ModelCall[] },
  maxTokens: number,
): WrittenText {
  const { units } = sumOf(calls);
  const isUnknown = !isCut && (units.outputTokens ?? 0) >= maxTokens;
  return { text, engine, isCut, units: isUnknown ? { ...units, outputTokens: tokensOf(text) } : units };
}
