// Asks a text model for JSON within a request. The answer is checked as a whole, so nothing of it is sent before.
import type { Context } from "hono";

import { type JsonSchema, jsonChat } from "../../shared/models/json-output/json-chat.ts";
import { takesJsonSchema, writeJson } from "../../shared/models/json-output/write-json.ts";
import { ModelError } from "../../shared/models/model-error.ts";
import { type ModelCall, neuronsOf } from "../../shared/models/model-call.ts";
import type { ModelId, Units } from "../../shared/models/models.ts";
import { type Chat, chatUnits } from "../../shared/models/chat.ts";
import type { App } from "../http/app.ts";
import type { Problem } from "../http/problem.ts";
import { HEARTBEAT, silence, type WriteEvents } from "./answer-stream.ts";
import type { Answered } from "./ask-in-turn.ts";
import { askEach, type ChatRequest, eventResponse, stoppedWith } from "./ask-model.ts";
import { INVALID_OUTPUT } from "./model-problem.ts";
import { later } from "./open-answer.ts";

/** `chat` is as `fitJsonChat` returns it. `schema` has been checked with `readSchema`. */
export interface JsonRequest extends Pick<ChatRequest, "models" | "chat" | "usedFor" | "maxNeurons"> {
  readonly schema: JsonSchema;
}

export interface JsonAnswer {
  /** The JSON as text. */
  readonly text: string;
  readonly engine: string;
  /** JSON that was cut off does not fit, so it is asked for again. */
  readonly isCut: false;
  readonly calls: readonly ModelCall[];
}

/** The tokens of what is wrong with an answer: up to eight faults of some 200 characters each, and what to do about them. */
const FAULT_TOKENS = 450;

/** What the calls of one model consume at most: a second question holds the first answer, and what is wrong with it. */
export function jsonUnits(chat: Chat, schema: JsonSchema): Units {
  const { inputTokens = 0, outputTokens = 0 } = chatUnits(jsonChat(chat, schema));
  return { inputTokens: 2 * inputTokens + outputTokens + FAULT_TOKENS, outputTokens: 2 * outputTokens };
}

/** Ask for JSON as a whole. `settle` is still to be called, with the calls. @param signal ends a running call. */
export async function askJson(
  c: Context<App>,
  { models, chat, usedFor, maxNeurons, schema }: JsonRequest,
  { signal }: AbortController = stoppedWith(c.req.raw.signal),
): Promise<Answered<JsonAnswer>> {
  return askEach(
    c,
    { models, usedFor, maxNeurons, expected: jsonUnits(chat, schema), signal },
    async (runner, model) => {
      const json = await writeJson(runner, model, chat, schema);
      if (!json.ok) throw unfit(model, json.faults);
      return { text: JSON.stringify(json.value), engine: json.written.engine, isCut: false as const };
    },
  );
}

/**
 * Ask for JSON as a stream of events. The client gets comments until the JSON is there, and then all of it at once: text that is sent
 * cannot be corrected.
 */
export async function askJsonInEvents(
  c: Context<App>,
  request: JsonRequest,
  events: (model: ModelId) => WriteEvents,
): Promise<{ readonly ok: true; readonly response: Response } | { readonly ok: false; readonly problem: Problem }> {
  const stopping = stoppedWith(c.req.raw.signal);
  const asking = askJson(c, request, stopping).then((answered) => {
    if (answered.ok) c.executionCtx.waitUntil(answered.settle(answered.answer.calls));
    return answered;
  });
  c.executionCtx.waitUntil(asking);
  const early = await Promise.race([asking, later()]);
  if (early?.ok === false) return early;
  const write = asking.then((answered) => {
    if (!answered.ok) {
      const { start, failure } = events(request.models[0]);
      return start() + failure(answered.problem);
    }
    const { start, texts, end } = events(answered.model);
    const { text, calls } = answered.answer;
    return start() + texts([text]) + end({ call: () => sumOf(calls), isCut: () => false });
  });
  return { ok: true, response: eventResponse(c, wholeStream(write, stopping)) };
}

/** A stream of comments until the text is there. */
function wholeStream(text: Promise<string>, stopping: AbortController): ReadableStream<Uint8Array> {
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const written = await Promise.race([text, silence()]);
        if (written === "silent") return controller.enqueue(HEARTBEAT);
        controller.enqueue(new TextEncoder().encode(written));
        controller.close();
      },
      cancel: (reason) => stopping.abort(reason),
    },
    { highWaterMark: 0 },
  );
}

/** Calls as one, for a client that is shown one figure. The units of a call without an answer are only what was expected of it. */
export function sumOf(calls: readonly ModelCall[]): ModelCall {
  const last = calls.at(-1);
  if (last === undefined) throw new Error("an answer without a call");
  const answered = calls.filter(({ durationMs }) => durationMs !== null);
  const sum = (unit: keyof Units) => answered.reduce((total, { units }) => total + (units[unit] ?? 0), 0);
  const units = { inputTokens: sum("inputTokens"), outputTokens: sum("outputTokens") };
  return {
    ...last,
    units,
    neurons: neuronsOf(calls) ?? 0,
    isEstimated: calls.some((call) => call.isEstimated && call.neurons > 0),
  };
}

function unfit(model: ModelId, faults: readonly string[]): ModelError {
  const help = takesJsonSchema(model)
    ? "Simplify the schema, or allow more tokens"
    : "Name a model with a JSON mode, or simplify the schema";
  const message = `'${model}' was asked twice for JSON, and no answer fits: ${faults.join("; ")}. ${help}.`;
  return new ModelError({ code: INVALID_OUTPUT, remedy: "discard", message });
}
