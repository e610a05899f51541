import { failureOf } from "../../shared/models/model-error.ts";
import { nextAllocationAt } from "../../shared/models/allocation.ts";
import { allocationUsed } from "../usage/paid-call.ts";
import type { Problem } from "../http/problem.ts";

/** Capacity comes and goes within seconds. */
const LOOK_AGAIN_SECONDS = 10;

/** The problem for a client whose model did not answer. */
export function modelProblem(error: unknown, now: number): Problem {
  const { remedy, failure } = failureOf(error);
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

/** The latest end of the hold, whose end is spread over some time: a client that asks again then finds it ended. */
const atLatest = () => 1;

/** The model was asked twice for JSON, and neither answer fits. */
export const INVALID_OUTPUT = "invalid_output";

/** Failures that the client can correct. The operator has to correct every other failure that is final. */
const REFUSALS: ReadonlySet<string> = new Set([
  "refused_by_model",
  "invalid_model_input",
  "request_too_large",
  INVALID_OUTPUT,
]);
