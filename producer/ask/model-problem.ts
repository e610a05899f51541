import { diagnose } from "../../shared/models/failure.ts";
import { nextAllocationAt } from "../../shared/models/allocation.ts";
import { allocationUsed } from "../usage/paid-call.ts";
import type { Problem } from "../http/problem.ts";

/** Capacity comes and goes within seconds. */
const LOOK_AGAIN_SECONDS = 10;

/** Why a model did not answer somebody who waits for it. */
export function modelProblem(error: unknown, now: number): Problem {
  const { remedy, failure } = diagnose(error);
  const detail = failure.message;
  switch (remedy) {
    case "hold":
      return allocationUsed(nextAllocationAt(now, atLatest), now);
    case "retry":
    case "retry_once":
    case "snooze":
      return { code: "model_unavailable", detail, retryAfterSeconds: LOOK_AGAIN_SECONDS };
    case "discard":
      return REFUSALS.has(failure.code) ? { code: "model_refused", detail } : { code: "model_unavailable", detail };
  }
}

/** Whoever comes back by then finds the hold ended, however it was spread. */
const atLatest = () => 1;

/** What a model does not take from anybody; what else is final, the operator has to mend. */
const REFUSALS: ReadonlySet<string> = new Set(["refused_by_model", "invalid_model_input", "request_too_large"]);
