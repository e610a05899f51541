import { shapeOf } from "../../shared/models/answer-shape.ts";
import { isCutBy, readChat } from "../../shared/models/chat-answer.ts";
import { consumedBy } from "../../shared/models/consumed-by.ts";
import { answeredCall, type ModelCall, sentCall } from "../../shared/models/model-call.ts";
import { brokenOff, refusal, silence, unexpectedAnswer } from "../../shared/models/model-error.ts";
import { type Ai, askBinding, parseJson } from "../../shared/models/run-model.ts";
import type { Units } from "../../shared/models/models.ts";
import { withTimeLimit } from "../../shared/time-limit.ts";
import { type Chat, chatInputs, chatUnits } from "../../shared/models/chat.ts";
import { streamTimer } from "./stream-timer.ts";
import { tokenReader } from "./token-reader.ts";

/** A person waits for the answer, so a model that is silent for this long is stopped. */
const SILENCE_MS = 60_000;

export type Opened =
  | { readonly ok: true; readonly answer: OpenAnswer }
  /** `calls` is empty if nothing was sent. */
  | { readonly ok: false; readonly error: unknown; readonly calls: readonly ModelCall[] };

/**
 * How long to wait for the first text before the stream begins. A failure within this time is answered as a problem. After it the
 * stream begins even if the model is still silent: a client that goes away before the headers may not be noticed (wrangler's
 * proxies report it only after the headers).
 */
const EARLY_MS = 2000;

export interface OpenAnswer {
  /** The next texts, which may be empty; null at the end. @throws ModelError, or the reason why it was stopped. */
  readonly next: () => Promise<readonly string[] | null>;
  /** What the answer has cost so far. */
  readonly call: () => ModelCall;
  /** Whether the model stopped because it had written as much as it may. To be asked at the end. */
  readonly isCut: () => boolean;
}

/**
 * Ask a model and wait for its first bytes, at most for `EARLY_MS`. `stopping` ends the call, now and later; this function aborts it
 * if the model falls silent. `rejectsIfBusy`: see `Question` of the binding.
 */
export async function openAnswer(
  ai: Ai,
  { model, chat, rejectsIfBusy }: { readonly model: string; readonly chat: Chat; readonly rejectsIfBusy: boolean },
  stopping: AbortController,
): Promise<Opened> {
  const inputs = { ...chatInputs(chat), stream: true };
  const expected = chatUnits(chat);
  const { signal } = stopping;
  let startedAt = Date.now();
  let calls: readonly ModelCall[] = [];
  const onAsked = () => {
    startedAt = Date.now();
    calls = [sentCall(model, expected)];
  };
  try {
    const response = await inTime(stopping, () => askBinding(ai, { model, inputs, signal, rejectsIfBusy, onAsked }));
    const { headers } = response;
    if (!response.ok || response.body === null) {
      const durationMs = Date.now() - startedAt;
      calls = [answeredCall(model, { headers, isRefusal: true, units: expected, durationMs })];
      throw refusal(response.status, await response.text());
    }
    const answer = headers.get("content-type")?.startsWith("application/json")
      ? await wholeAnswer(response, { model, expected, startedAt })
      : streamedAnswer(response.body, stopping, { model, headers, expected, startedAt });
    calls = [answer.call()];
    let first: ReturnType<OpenAnswer["next"]> | null = answer.next();
    await Promise.race([first, later()]);
    const next = () => {
      const reading = first ?? answer.next();
      first = null;
      return reading;
    };
    return { ok: true, answer: { next, call: () => answer.call(), isCut: () => answer.isCut() } };
  } catch (error) {
    return { ok: false, error, calls };
  }
}

interface Asked {
  readonly model: string;
  readonly expected: Units;
  readonly startedAt: number;
}

/** Read the answer of a model, or of a gateway's cache, that answers with JSON although a stream was requested. */
async function wholeAnswer(response: Response, { model, expected, startedAt }: Asked): Promise<OpenAnswer> {
  const value = parseJson(model, await response.text());
  const { units, neurons } = consumedBy(value);
  const consumed = { units: { ...expected, ...units }, neurons };
  const durationMs = Date.now() - startedAt;
  const answered = answeredCall(model, { headers: response.headers, isRefusal: false, ...consumed, durationMs });
  const call = { ...answered, shape: shapeOf(value) };
  const text = readChat({ value, call });
  if (text.trim() === "") throw unexpectedAnswer(model, "answered nothing");
  const left = [text];
  const isCut = isCutBy(value, expected.outputTokens ?? 0);
  return { next: async () => (left.length > 0 ? left.splice(0) : null), call: () => call, isCut: () => isCut };
}

function streamedAnswer(
  body: ReadableStream<Uint8Array>,
  stopping: AbortController,
  { model, headers, ...asked }: Asked & { readonly headers: Headers },
): OpenAnswer {
  const tokens = tokenReader(model, { headers, ...asked });
  const reader: ReadableStreamDefaultReader<Uint8Array> = body.getReader();
  const { signal } = stopping;
  // Cancelling the stream reaches its sender even if the signal does not.
  signal.addEventListener("abort", () => void reader.cancel(signal.reason).catch(() => undefined));
  const timer = streamTimer(asked.startedAt);
  const isCached = headers.get("cf-aig-cache-status") === "HIT";
  let hasEnded = false;
  let hasText = false;
  return {
    async next() {
      if (hasEnded) return null;
      const reading = reader.read().catch((error: unknown) => {
        throw signal.aborted ? signal.reason : brokenOff(model, error);
      });
      const { value, done } = await timer.waitFor(inTime(stopping, () => reading));
      hasEnded = done;
      const texts = done ? tokens.end() : tokens.read(value);
      timer.wrote(texts.length);
      hasText ||= texts.length > 0;
      if (done && !hasText) throw unexpectedAnswer(model, "answered nothing");
      if (done && !tokens.isComplete) throw brokenOff(model);
      return texts;
    },
    // The speed of a gateway's cache says nothing about the model.
    call: () => ({ ...tokens.call(), ...(!isCached && timer.times()) }),
    isCut: () => tokens.isCut || wroteAll(tokens.call(), asked.expected),
  };
}

/** The tokens of a stream are counted, so that a stream that does not say why it ended was cut if it has as many as it may. */
function wroteAll({ units }: ModelCall, { outputTokens = 0 }: Units): boolean {
  return (units.outputTokens ?? 0) >= outputTokens;
}

/** Resolves when a stream must begin. */
export async function later(): Promise<undefined> {
  await new Promise((resolve) => setTimeout(resolve, EARLY_MS));
}

/** Wait for a model, and stop it if it is silent for too long. */
async function inTime<T>(stopping: AbortController, wait: () => Promise<T>): Promise<T> {
  const onLimit = () => {
    const error = silence(SILENCE_MS);
    stopping.abort(error);
    return error;
  };
  return withTimeLimit(stopping.signal, { limitMs: SILENCE_MS, onLimit }, (_, startTimer) => {
    startTimer();
    return wait();
  });
}
