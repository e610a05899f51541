import type * as z from "zod";

import type { ModelCall } from "../../shared/settlement.ts";

/** The one way to a model: the `AI` binding, or locally a Worker of the same shape. */
export interface AiBinding {
  run(
    model: string,
    inputs: Record<string, unknown>,
    options: { returnRawResponse: true; signal: AbortSignal },
  ): Promise<Response>;
}

export interface AnsweredCall extends ModelCall {
  readonly engine: string;
}

/** What a model answered: JSON where the platform says so, else bytes. */
export type ModelAnswer =
  | { readonly type: "json"; readonly value: unknown; readonly call: AnsweredCall }
  | { readonly type: "bytes"; readonly value: Uint8Array; readonly call: AnsweredCall };

export interface ModelRunner {
  /** @throws an Error whose message is the binding's own, `<code>: <description>`. */
  run(model: string, inputs: Record<string, unknown>): Promise<ModelAnswer>;
}

/** A consumer invocation may run 15 minutes; a model that hangs must leave time to say so. */
const MODEL_TIMEOUT_MS = 8 * 60_000;

/** Calls models and notes each call, failed ones too, for the attempt's row. `ended` ends a call that is under way. */
export function modelRunner(ai: AiBinding, calls: ModelCall[], ended: AbortSignal): ModelRunner {
  return {
    async run(model, inputs) {
      const index = calls.push({ model, engine: null, neurons: null }) - 1;
      // The raw response: the only place where a call's neurons and status can be read.
      return untilEnded(ended, async (signal) => {
        const response = await ai.run(model, inputs, { returnRawResponse: true, signal });
        const call = callOf(model, response.headers);
        calls[index] = call;
        if (!response.ok) throw new Error(errorMessage(response.status, await response.text()));
        if (response.headers.get("content-type")?.startsWith("application/json")) {
          return { type: "json", value: await response.json(), call };
        }
        return { type: "bytes", value: new Uint8Array(await response.arrayBuffer()), call };
      });
    },
  };
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

function callOf(model: string, headers: Headers): AnsweredCall {
  const neurons = Number.parseFloat(headers.get("cf-ai-neurons") ?? "");
  return {
    model,
    engine: headers.get("x-darkroom-engine") ?? "workers-ai",
    neurons: Number.isFinite(neurons) ? neurons : null,
  };
}

/** The message that the binding itself would throw for this answer (workerd, src/cloudflare/internal/ai-api.ts). */
function errorMessage(status: number, body: string): string {
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

/** A binding need not heed its signal: the wait ends in any case. */
async function untilEnded<T>(ended: AbortSignal, run: (signal: AbortSignal) => Promise<T>): Promise<T> {
  ended.throwIfAborted();
  const call = new AbortController();
  const { promise: stopped, reject } = Promise.withResolvers<never>();
  const stop = (reason: unknown) => {
    call.abort(reason);
    reject(reason);
  };
  const onEnded = () => stop(ended.reason);
  ended.addEventListener("abort", onEnded);
  const timer = setTimeout(
    () => stop(new Error(`3007: no answer within ${MODEL_TIMEOUT_MS / 1000} s`)),
    MODEL_TIMEOUT_MS,
  );
  try {
    return await Promise.race([run(call.signal), stopped]);
  } finally {
    clearTimeout(timer);
    ended.removeEventListener("abort", onEnded);
  }
}
