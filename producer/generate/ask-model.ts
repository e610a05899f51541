// Asks a text model within a request: as a stream, or whole. What it may cost is set aside before, and accounted for after.
import type { Context } from "hono";

import { isWithin } from "../../shared/cost/budget-refusal.ts";
import { neuronsFor } from "../../shared/cost/neurons.ts";
import type { DirectUsage } from "../../shared/db/cost/usage.ts";
import { intakeOf } from "../../shared/jobs/intake.ts";
import { aiOf } from "../../shared/models/ai-of.ts";
import { type ModelCall, neuronsOf, sentCall } from "../../shared/models/model-call.ts";
import type { ModelId, Units } from "../../shared/models/models.ts";
import { type ModelRunner, modelRunner } from "../../shared/models/run-model.ts";
import { type Chat, chatUnits } from "../../shared/models/chat.ts";
import { write, type Written } from "../../shared/models/writer.ts";
import type { App } from "../http/app.ts";
import type { Problem } from "../http/problem.ts";
import { reservePaidCall } from "../usage/paid-call.ts";
import { answerStream, type WriteEvents } from "./answer-stream.ts";
import { type Answered, type Asked, askInTurn, type Turns } from "./ask-in-turn.ts";
import { type OpenAnswer, openAnswer } from "./open-answer.ts";
import { beforeStop, untilStop } from "./until-stop.ts";

/** A chat, the models that are asked in turn until one answers, and what the usage calls it. */
export interface ChatRequest {
  readonly models: readonly [ModelId, ...ModelId[]];
  readonly chat: Chat;
  readonly usedFor: DirectUsage["kind"];
  /** The most that all the models together may cost. The caller has checked it for the first one. */
  readonly maxNeurons?: number | undefined;
  /** The answer ends before the first of these. */
  readonly stopSequences?: readonly string[];
}

export type WholeAnswer = Written & { readonly calls: readonly ModelCall[] };

/** Ask for the answer as a whole. `settle` is still to be called, with the calls. */
export async function askWhole(
  c: Context<App>,
  { stopSequences = [], ...request }: ChatRequest,
): Promise<Answered<WholeAnswer>> {
  const { chat } = request;
  const { signal } = stoppedWith(c.req.raw.signal);
  return askEach(c, { ...request, expected: chatUnits(chat), signal }, async (runner, model) => {
    const written = await write(runner, model, chat);
    const { text, isStopped } = beforeStop(written.text, stopSequences);
    return { ...written, text, isCut: written.isCut && !isStopped };
  });
}

/**
 * Ask the models in turn with one or more calls each, until one answers. `settle` is still to be called, with the calls.
 * @param expected what the calls of one model consume at most. @param signal ends a running call.
 * @param ask its errors are the model's.
 */
export async function askEach<Answer>(
  c: Context<App>,
  {
    models,
    usedFor,
    maxNeurons,
    expected,
    signal,
  }: Omit<ChatRequest, "chat"> & { expected: Units; signal: AbortSignal },
  ask: (runner: ModelRunner, model: ModelId) => Promise<Answer>,
): Promise<Answered<Answer & { readonly calls: readonly ModelCall[] }>> {
  const ai = aiOf(c.env);
  return askInTurn(models, {
    ...turnsOf(c, { expected, usedFor, maxNeurons }),
    async ask(model, { isLast }): Promise<Asked<Answer & { readonly calls: readonly ModelCall[] }>> {
      const calls: ModelCall[] = [];
      const runner = modelRunner(ai, calls, signal, { waitsIfBusy: isLast });
      try {
        return { ok: true, answer: { ...(await ask(runner, model)), calls } };
      } catch (error) {
        return { ok: false, error, calls };
      }
    },
  });
}

/**
 * Ask for the answer as a stream of events. The model is stopped when the client goes away, and what was sent is paid for.
 * @param events how the events are written, once it is known which model answers.
 */
export async function askInEvents(
  c: Context<App>,
  { models, chat, usedFor, maxNeurons, stopSequences = [] }: ChatRequest,
  events: (model: ModelId) => WriteEvents,
): Promise<{ readonly ok: true; readonly response: Response } | { readonly ok: false; readonly problem: Problem }> {
  const stopping = stoppedWith(c.req.raw.signal);
  const ai = aiOf(c.env);
  const answered = await askInTurn(models, {
    ...turnsOf(c, { expected: chatUnits(chat), usedFor, maxNeurons }),
    ask(model, { isLast }): Promise<Asked<OpenAnswer>> {
      return openAnswer(ai, { model, chat, rejectsIfBusy: !isLast }, stopping);
    },
  });
  if (!answered.ok) return answered;
  const { model, settle } = answered;
  const answer = untilStop(answered.answer, stopSequences, () => stopping.abort());
  const ended = Promise.withResolvers<unknown>();
  c.executionCtx.waitUntil(ended.promise.then((failedWith) => settle([answer.call()], failedWith)));
  const body = answerStream(answer, { events: events(model), stopping, onEnd: ended.resolve });
  return { ok: true, response: eventResponse(c, body) };
}

/** The response whose body is a stream of events. */
export function eventResponse(c: Context<App>, body: ReadableStream<Uint8Array>): Response {
  return c.body(body, 200, {
    "content-type": "text/event-stream; charset=utf-8",
    // No proxy may hold the stream back to compress it.
    "cache-control": "no-cache, no-transform",
    "x-accel-buffering": "no",
  });
}

/** Whether a client asks for JSON and not for a stream of events. */
export function wantsWhole(accept = ""): boolean {
  return accept.includes("application/json") && !accept.includes("text/event-stream");
}

/** How each model's cost is set aside, and accounted for if it does not answer. */
function turnsOf(
  c: Context<App>,
  { expected, usedFor, maxNeurons = Infinity }: Pick<ChatRequest, "usedFor" | "maxNeurons"> & { expected: Units },
): Pick<Turns<unknown>, "reserve" | "isAllowed" | "finish"> {
  const intake = intakeOf(c.env);
  const asked = { ownerId: c.get("ownerId"), kind: usedFor };
  return {
    reserve: (model) => reservePaidCall({ ...asked, expected: sentCall(model, expected) }, intake),
    isAllowed: (model, spentNeurons) => isWithin(spentNeurons + neuronsFor(model, expected), maxNeurons),
    finish(settled, calls) {
      if ((neuronsOf(calls) ?? 0) > 0) c.set("hasPaid", true);
      c.executionCtx.waitUntil(settled);
    },
  };
}

/** A controller that is aborted when the client goes away. Other code may abort it too. */
export function stoppedWith(gone: AbortSignal): AbortController {
  const stopping = new AbortController();
  gone.addEventListener("abort", () => stopping.abort(gone.reason));
  return stopping;
}
