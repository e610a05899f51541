import { type ModelCall, sentCall } from "../../shared/ai/model-call.ts";
import { type Ai, askOptions, errorMessage } from "../../shared/ai/run-model.ts";
import { ANSWER_TOKENS } from "../../shared/prompts.ts";
import type { Question } from "./question.ts";
import { type StreamMeter, streamMeter } from "./stream-meter.ts";

/** Somebody looks at an empty screen: a model that has said nothing by then is given up on. */
const SILENCE_MS = 60_000;

export type Opened =
  | { readonly ok: true; readonly answer: OpenAnswer }
  /** The message is the binding's own, `<code>: <description>`. */
  | { readonly ok: false; readonly message: string; readonly call: ModelCall };

/**
 * What fails so early is told as a problem. A model that has only been silent so far is answered for: a client that goes
 * away before it has been answered may not be noticed (wrangler's own proxies pass it on after the headers alone).
 */
const EARLY_MS = 2000;

export interface OpenAnswer {
  /** The first bytes, and then the next ones; null at the end. */
  readonly next: () => Promise<Uint8Array | null>;
  readonly meter: StreamMeter;
}

/**
 * Ask a model and wait for its first bytes, but not for long. `stopping` ends the call, now and later; it is aborted here if
 * the model falls silent.
 */
export async function openAnswer(
  ai: Ai,
  { model, messages, expected }: Question,
  stopping: AbortController,
): Promise<Opened> {
  const inputs = { messages, max_tokens: ANSWER_TOKENS, stream: true };
  const { signal } = stopping;
  const startedAt = Date.now();
  let call = sentCall(model, expected);
  try {
    const response = await inTime(stopping, ai.binding.run(model, inputs, askOptions(ai, inputs, signal)));
    const meter = streamMeter(model, { headers: response.headers, expected, startedAt });
    if (!response.ok || response.body === null) {
      call = { ...meter.call(), neurons: 0 };
      throw new Error(errorMessage(response.status, await response.text()));
    }
    const reader: ReadableStreamDefaultReader<Uint8Array> = response.body.getReader();
    // Dropping the stream is told to whoever sends it, also where a signal does not get through.
    signal.addEventListener("abort", () => void reader.cancel(signal.reason).catch(() => undefined));
    const read = async () => {
      const { value, done } = await inTime(stopping, reader.read());
      return done ? null : value;
    };
    let first: Promise<Uint8Array | null> | null = read();
    if ((await Promise.race([first, later()])) === null) throw new Error(`'${model}' answered nothing`);
    const next = () => {
      const reading = first ?? read();
      first = null;
      return reading;
    };
    return { ok: true, answer: { next, meter } };
  } catch (error) {
    return { ok: false, message: error instanceof Error ? error.message : String(error), call };
  }
}

async function later(): Promise<undefined> {
  await new Promise((resolve) => setTimeout(resolve, EARLY_MS));
}

/** A binding need not heed its signal: the wait ends in any case, and a model that is silent for too long is stopped. */
async function inTime<T>(stopping: AbortController, waiting: Promise<T>): Promise<T> {
  const { signal } = stopping;
  signal.throwIfAborted();
  const { promise: stopped, reject } = Promise.withResolvers<never>();
  const onAbort = () => reject(signal.reason);
  signal.addEventListener("abort", onAbort);
  const timer = setTimeout(
    () => stopping.abort(new Error(`3007: no answer within ${SILENCE_MS / 1000} s`)),
    SILENCE_MS,
  );
  try {
    return await Promise.race([waiting, stopped]);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", onAbort);
  }
}
