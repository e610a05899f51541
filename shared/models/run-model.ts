import type * as z from "zod";

import type { Connections } from "../connections.ts";
import { type TimeLimit, withTimeLimit } from "../time-limit.ts";
import type { Units } from "./models.ts";
import { shapeOf } from "./answer-shape.ts";
import { type Gateway, takesGateway } from "./gateway.ts";
import { asModelError, refusal, silence, unexpectedAnswer } from "./model-error.ts";
import { answeredCall, type Consumed, type ModelCall, sentCall } from "./model-call.ts";
import { consumedBy } from "./consumed-by.ts";

/** The only way to a model: the `AI` binding, or locally a Worker of the same shape. */
export interface AiBinding {
  run(
    model: string,
    inputs: Record<string, unknown>,
    options: { returnRawResponse: true; signal: AbortSignal; rejectIfBusy?: true; gateway?: Gateway },
  ): Promise<Response>;
}

/** A call to a model. */
export interface Question {
  readonly model: string;
  readonly inputs: Record<string, unknown>;
  readonly signal: AbortSignal;
  /**
   * Whether to be refused (3040) while there is no capacity, instead of waiting in the platform's queue for as long as it takes
   * (developers.cloudflare.com/workers-ai/features/reject-if-busy, 2026-09-17).
   */
  readonly rejectsIfBusy: boolean;
  /** Called when a connection is free and the model is asked: its time is counted from here. */
  readonly onAsked: () => void;
}

/** How to ask: the binding, and the gateway in front of it, if any. */
export interface Ai {
  readonly binding: AiBinding;
  readonly gateway: Gateway | undefined;
  /** Each call takes one of the invocation's connections. */
  readonly connections: Connections;
}

export interface AnsweredCall extends ModelCall {
  readonly engine: string;
}

/** A model's answer: JSON if the platform says so, otherwise bytes. */
export type ModelAnswer =
  | { readonly type: "json"; readonly value: unknown; readonly call: AnsweredCall }
  | { readonly type: "bytes"; readonly value: Uint8Array; readonly call: AnsweredCall };

/** The parts of an answer that its readers need. */
export interface Readable {
  readonly value: unknown;
  readonly call: Pick<ModelCall, "model">;
}

export interface ModelRunner {
  /**
   * @param expected what the call will consume, estimated from the input.
   * @throws ModelError
   */
  run(model: string, inputs: Record<string, unknown>, expected: Units): Promise<ModelAnswer>;
}

/** A consumer invocation may run for 15 minutes; a model that hangs must leave time to report it. */
const MODEL_TIMEOUT_MS = 8 * 60_000;

const MODEL_TIME: TimeLimit = { limitMs: MODEL_TIMEOUT_MS, onLimit: () => silence(MODEL_TIMEOUT_MS) };

/**
 * Call models, and record each call that was sent, failed ones too, for the attempt's row. `ended` ends a running call. A model
 * without capacity refuses, so that another model may stand in or the caller may come back. A caller that can do neither sets
 * `waitsIfBusy`.
 */
export function modelRunner(
  ai: Ai,
  calls: ModelCall[],
  ended: AbortSignal,
  { waitsIfBusy = false }: { waitsIfBusy?: boolean } = {},
): ModelRunner {
  return {
    async run(model, inputs, expected) {
      let index = calls.length;
      let startedAt = Date.now();
      const note = (headers: Headers, isRefusal: boolean, consumed: Consumed, shape?: string) => {
        const durationMs = Date.now() - startedAt;
        const answered = answeredCall(model, { headers, isRefusal, ...consumed, durationMs });
        const call = {
          ...answered,
          startedAt: new Date(startedAt).toISOString(),
          ...(shape !== undefined && { shape }),
        };
        calls[index] = call;
        return call;
      };
      return withTimeLimit(ended, MODEL_TIME, async (signal, startTimer): Promise<ModelAnswer> => {
        const onAsked = () => {
          startedAt = Date.now();
          index = calls.push(sentCall(model, expected)) - 1;
          startTimer();
        };
        const response = await askBinding(ai, { model, inputs, signal, rejectsIfBusy: !waitsIfBusy, onAsked });
        return asModelError(async () => {
          const { headers } = response;
          note(headers, !response.ok, { units: expected });
          if (!response.ok) throw refusal(response.status, await response.text());
          const type = headers.get("content-type") ?? "";
          if (type.startsWith("text/event-stream")) {
            await response.body?.cancel();
            throw unexpectedAnswer(model, "answered with a stream of events, which was not asked for");
          }
          if (type.startsWith("application/json")) {
            const value = parseJson(model, await response.text());
            const { units, neurons } = consumedBy(value);
            const consumed = { units: { ...expected, ...units }, neurons };
            return { type: "json", value, call: note(headers, false, consumed, shapeOf(value)) };
          }
          const value = new Uint8Array(await response.arrayBuffer());
          const shape = `bytes (${type.slice(0, 60)})`;
          return { type: "bytes", value, call: note(headers, false, { units: expected }, shape) };
        });
      });
    },
  };
}

/**
 * Ask the binding for the raw response, on one of the invocation's connections. Only the raw response shows a call's neurons
 * and status.
 * @throws ModelError if there is no response; a refusal is a response. NoConnection, or the signal's reason, if nothing was
 * asked.
 */
export async function askBinding(
  { binding, gateway, connections }: Ai,
  { model, inputs, signal, rejectsIfBusy, onAsked }: Question,
): Promise<Response> {
  const ask = () => {
    onAsked();
    return asModelError(() =>
      binding.run(model, inputs, {
        returnRawResponse: true,
        signal,
        ...(rejectsIfBusy && { rejectIfBusy: true }),
        ...(gateway !== undefined && takesGateway(inputs) && { gateway }),
      }),
    );
  };
  return connections.open("remote", ask, signal);
}

/** Parse an answer that is JSON. @throws ModelError */
export function parseJson(model: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw unexpectedAnswer(model, `answered ${text.length} characters that are not JSON`);
  }
}

/**
 * Read a model's answer.
 * @throws ModelError that names the model and what is wrong with its answer.
 */
export function parseAnswer<T>({ value, call }: Readable, schema: z.ZodType<T>): T {
  const answer = schema.safeParse(value);
  if (answer.success) return answer.data;
  const issue = answer.error.issues[0];
  throw unexpectedAnswer(
    call.model,
    `answered in an unknown shape: ${issue?.path.join(".") ?? ""} ${issue?.message ?? ""}`,
  );
}
