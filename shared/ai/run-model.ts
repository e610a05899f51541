import type * as z from "zod";

import type { Connections } from "../connections.ts";
import type { Units } from "../models.ts";
import { type Gateway, takesGateway } from "./gateway.ts";
import { answeredCall, type ModelCall, sentCall } from "./model-call.ts";
import { unitsAnswered } from "./units-answered.ts";

/** The one way to a model: the `AI` binding, or locally a Worker of the same shape. */
export interface AiBinding {
  run(
    model: string,
    inputs: Record<string, unknown>,
    options: { returnRawResponse: true; signal: AbortSignal; gateway?: Gateway },
  ): Promise<Response>;
}

/** How to ask: the binding, and the gateway in front of it, if any. */
export interface Ai {
  readonly binding: AiBinding;
  readonly gateway: Gateway | undefined;
  /** Each call takes one of the invocation's. */
  readonly connections: Connections;
}

export interface AnsweredCall extends ModelCall {
  readonly engine: string;
}

/** What a model answered: JSON where the platform says so, else bytes. */
export type ModelAnswer =
  | { readonly type: "json"; readonly value: unknown; readonly call: AnsweredCall }
  | { readonly type: "bytes"; readonly value: Uint8Array; readonly call: AnsweredCall };

export interface ModelRunner {
  /**
   * @param expected what the call will consume, as far as the input tells.
   * @throws an Error whose message is the binding's own, `<code>: <description>`.
   */
  run(model: string, inputs: Record<string, unknown>, expected: Units): Promise<ModelAnswer>;
}

/** A consumer invocation may run 15 minutes; a model that hangs must leave time to say so. */
const MODEL_TIMEOUT_MS = 8 * 60_000;

/** Calls models and notes each call, failed ones too, for the attempt's row. `ended` ends a call that is under way. */
export function modelRunner(ai: Ai, calls: ModelCall[], ended: AbortSignal): ModelRunner {
  return {
    async run(model, inputs, expected) {
      const index = calls.push(sentCall(model, expected)) - 1;
      let startedAt = Date.now();
      const note = (headers: Headers, isRefusal: boolean, units: Units) => {
        const call = answeredCall(model, { headers, isRefusal, units, durationMs: Date.now() - startedAt });
        calls[index] = call;
        return call;
      };
      // The raw response: the only place where a call's neurons and status can be read.
      return untilEnded(ended, async (signal, startTimer): Promise<ModelAnswer> => {
        const response = await ai.connections.open(
          "remote",
          () => {
            startedAt = Date.now();
            startTimer();
            return ai.binding.run(model, inputs, askOptions(ai, inputs, signal));
          },
          signal,
        );
        const { headers } = response;
        note(headers, !response.ok, expected);
        if (!response.ok) throw new Error(errorMessage(response.status, await response.text()));
        if (headers.get("content-type")?.startsWith("application/json")) {
          const value: unknown = await response.json();
          return { type: "json", value, call: note(headers, false, { ...expected, ...unitsAnswered(value) }) };
        }
        const value = new Uint8Array(await response.arrayBuffer());
        return { type: "bytes", value, call: note(headers, false, expected) };
      });
    },
  };
}

/** The options of one call. */
export function askOptions({ gateway }: Ai, inputs: Record<string, unknown>, signal: AbortSignal) {
  return {
    returnRawResponse: true,
    signal,
    ...(gateway !== undefined && takesGateway(inputs) && { gateway }),
  } as const;
}

/**
 * Read a model's answer.
 * @throws an Error that names the model and what was wrong with its answer: worth another attempt.
 */
export function parseAnswer<T>({ value, call }: ModelAnswer, schema: z.ZodType<T>): T {
  const answer = schema.safeParse(value);
  if (answer.success) return answer.data;
  const issue = answer.error.issues[0];
  throw new Error(
    `'${call.model}' answered in an unknown shape: ${issue?.path.join(".") ?? ""} ${issue?.message ?? ""}`,
  );
}

/** The message that the binding itself would throw for this answer (workerd, src/cloudflare/internal/ai-api.ts). */
export function errorMessage(status: number, body: string): string {
  try {
    const error = JSON.parse(body);
    if (error.internalCode !== undefined) return `${error.internalCode}: ${error.description ?? error.message}`;
    const first = error.errors?.[0];
    if (first !== undefined) return `${first.code}: ${first.message}`;
  } catch {
    // Not JSON: a gateway's page. The status is then all there is to go by.
  }
  return `HTTP ${status}: ${body.slice(0, 500)}`;
}

/**
 * A binding need not heed its signal: the wait ends in any case. The time limit begins when `run` says so: waiting for a
 * connection is not the model's time.
 */
async function untilEnded<T>(
  ended: AbortSignal,
  run: (signal: AbortSignal, startTimer: () => void) => Promise<T>,
): Promise<T> {
  ended.throwIfAborted();
  const call = new AbortController();
  const { promise: stopped, reject } = Promise.withResolvers<never>();
  const stop = (reason: unknown) => {
    call.abort(reason);
    reject(reason);
  };
  const onEnded = () => stop(ended.reason);
  ended.addEventListener("abort", onEnded);
  let callOff = () => {};
  const startTimer = () => {
    const late = () => stop(new Error(`3007: no answer within ${MODEL_TIMEOUT_MS / 1000} s`));
    const timer = setTimeout(late, MODEL_TIMEOUT_MS);
    callOff = () => clearTimeout(timer);
  };
  try {
    return await Promise.race([run(call.signal, startTimer), stopped]);
  } finally {
    callOff();
    ended.removeEventListener("abort", onEnded);
  }
}
