import type { Units } from "./models.ts";
import { neuronsFor } from "../cost/neurons.ts";

/** How a stream behaved, as far as it could be measured. An answer that comes whole has neither. */
export interface StreamTimes {
  /** From asking the model to its first text, in milliseconds. */
  readonly firstTextMs?: number;
  /** How fast it wrote after that. */
  readonly tokensASecond?: number;
}

/** One call to a model, as its attempt records it. */
export interface ModelCall extends StreamTimes {
  readonly model: string;
  /** The engine that ran it: `workers-ai`, or the name of a local engine; null if there was no answer. */
  readonly engine: string | null;
  /** What it consumed: as the answer says or, if it does not, as was expected from the input. */
  readonly units: Units;
  readonly neurons: number;
  /** Whether the neurons are from the catalogue: the platform named none, or 0 for a model that has a price. */
  readonly isEstimated: boolean;
  /** The time until the whole answer was there; null if there was no answer, or a refusal. */
  readonly durationMs: number | null;
  /** When it was sent: ISO 8601. Missing in calls from before 2026-12. */
  readonly startedAt?: string;
  /** The shape of the answer, from `shapeOf`; for a stream, that of its first event with a text. */
  readonly shape?: string;
  /** What people should know about the answer, such as that the input was cut. */
  readonly notices?: readonly string[];
  /** The attempt that paid for it, if a later attempt reuses its result and accounts for it. */
  readonly recalledFrom?: number;
  /** The log entry of AI Gateway, if the call went through one. */
  readonly gatewayLogId?: string;
}

/** Return what these calls cost together; null if there were none. */
export function neuronsOf(calls: readonly ModelCall[]): number | null {
  return calls.length === 0 ? null : calls.reduce((sum, { neurons }) => sum + neurons, 0);
}

/**
 * Return a call that has been sent. Until an answer comes, it counts for what the catalogue says, because the model may run
 * even if the answer is lost.
 */
export function sentCall(model: string, units: Units): ModelCall {
  return { model, engine: null, units, neurons: neuronsFor(model, units), isEstimated: true, durationMs: null };
}

/** What an answer consumed: its units, and the neurons that it names itself, if any. */
export interface Consumed {
  readonly units: Units;
  readonly neurons?: number | undefined;
}

/**
 * Return a call that was answered. The figure in the header counts first, then the figure in the answer itself. A 0 for a model
 * that has a price does not count as a figure: the call then counts for what the catalogue says about its units, as it does
 * without any figure. A refusal and an answer from a gateway's cache count for nothing, unless they name more.
 */
export function answeredCall(
  model: string,
  {
    headers,
    isRefusal,
    units,
    neurons: named,
    durationMs,
  }: Consumed & { headers: Headers; isRefusal: boolean; durationMs: number },
): ModelCall & { readonly engine: string } {
  const isFree = isRefusal || headers.get("cf-aig-cache-status") === "HIT";
  const listed = isFree ? 0 : neuronsFor(model, units);
  const told = [Number.parseFloat(headers.get("cf-ai-neurons") ?? ""), named ?? Number.NaN];
  const charged = told.find((neurons) => neurons > 0 || (neurons === 0 && listed === 0));
  const logId = headers.get("cf-aig-log-id");
  return {
    model,
    engine: headers.get("x-darkroom-engine") ?? "workers-ai",
    units,
    neurons: charged ?? listed,
    isEstimated: charged === undefined,
    durationMs: isRefusal ? null : durationMs,
    ...(logId !== null && { gatewayLogId: logId }),
  };
}
