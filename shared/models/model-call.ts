import type { Units } from "./models.ts";
import { neuronsFor } from "../cost/neurons.ts";

/** One call to a model, as its attempt remembers it. */
export interface ModelCall {
  readonly model: string;
  /** Who ran it: `workers-ai`, or the name of a local engine; null where nobody answered. */
  readonly engine: string | null;
  /** What it consumed: as the answer says or, where it does not, as was expected of the input. */
  readonly units: Units;
  readonly neurons: number;
  /** Whether the neurons are the catalogue's: the platform named none, or 0 for a model that has a price. */
  readonly isEstimated: boolean;
  /** Until the whole answer was there; null where none came, or a refusal. */
  readonly durationMs: number | null;
  /** When it was sent: ISO 8601. Calls of before 2026-12 have none. */
  readonly startedAt?: string;
  /** What the answer looked like, as `shapeOf` tells it; of a stream, its first event with a text. */
  readonly shape?: string;
  /** The attempt that bought it, where a later one took its result over and accounts for it. */
  readonly recalledFrom?: number;
  /** The log entry of AI Gateway, where the call went through one. */
  readonly gatewayLogId?: string;
}

/** What these calls cost together; null where there was none. */
export function neuronsOf(calls: readonly ModelCall[]): number | null {
  return calls.length === 0 ? null : calls.reduce((sum, { neurons }) => sum + neurons, 0);
}

/**
 * A call that has been sent: until somebody answers it counts for what the catalogue says, since the model may run
 * although the answer is lost.
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
 * A call that was answered. What the header names is the truth, then what the answer itself names. A 0 for a model that
 * has a price is neither: it counts, like an answer that names nothing, for what the catalogue says of its units. A refusal and
 * an answer from a gateway's cache count for nothing unless they name more.
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
