import type { Context } from "hono";

import { readSchema } from "../../shared/models/json-output/read-schema.ts";
import type { ModelId } from "../../shared/models/models.ts";
import type { ModelCall } from "../../shared/models/model-call.ts";
import type { Chat } from "../../shared/models/chat.ts";
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
  const inWords = { ...request, stopSequences };
  const inJson = json === null ? null : { ...request, schema: json.schema };
  if (json !== null) {
    const read = readSchema(json.schema);
    if (!read.ok) return refuseSchema(c, [json.at, ...read.path].join("."), read.message);
  }
  if (isStream) {
    const started = await (inJson === null ? askInEvents(c, inWords, events) : askJsonInEvents(c, inJson, events));
    return started.ok ? started.response : problem(c, started.problem);
  }
  const answered = await (inJson === null ? askWhole(c, inWords) : askJson(c, inJson));
  if (!answered.ok) return problem(c, answered.problem);
  const { answer, model, settle } = answered;
  c.executionCtx.waitUntil(settle(answer.calls));
  // JSON may have been asked for twice.
  return c.json(whole(model, writtenBy(answer, (inJson === null ? 1 : 2) * chat.maxTokens)));
}

function refuseSchema(c: Context<App>, param: string, why: string): Response {
  const message = `Invalid '${param}': ${why}`;
  return openAiError(c, { status: 400, message, type: "invalid_request_error", param, code: "invalid_json_schema" });
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
