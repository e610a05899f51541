import type { Refusal } from "../../shared/cost/budget-refusal.ts";
import type { Failure, Outcome } from "../../shared/jobs/outcome.ts";
import { nextAllocationAt, spread } from "../../shared/models/allocation.ts";
import type { ModelError } from "../../shared/models/model-error.ts";
import type { FallBack } from "./fall-back.ts";
import { DAY_MS } from "../../shared/durations.ts";

const BASE_MS = 10_000;
const CEILING_MS = 15 * 60_000;

/** A task that does not get its turn for a week has been forgotten by its operator: it is discarded, with the reason. */
const PATIENCE_MS = 7 * DAY_MS;

/**
 * Return the delay before attempt `attempt + 1`: 10 s, 20 s, 40 s … up to 15 min, ±10 % so that a burst does not return as a
 * burst.
 */
export function backoffMs(attempt: number, random: () => number): number {
  return Math.round(Math.min(BASE_MS * 2 ** (attempt - 1), CEILING_MS) * (0.9 + 0.2 * random()));
}

const NEWER: Failure = {
  code: "newer_version",
  message: "The task was written by a newer version of the Worker than the one that leased it.",
};

/**
 * Decide the outcome of a task that a newer version wrote. It waits for that version. The longer it has waited, the longer its
 * next delay, from a minute to a quarter of an hour. If a rollback stays, the task is discarded after a week.
 */
export function decideNewer(
  task: { createdAt: number },
  { now, random }: { now: number; random: () => number },
): Outcome {
  const waitedMs = now - task.createdAt;
  if (waitedMs > PATIENCE_MS) return { type: "discard", failure: NEWER };
  const delayMs = Math.min(Math.max(waitedMs / 10, 60_000), CEILING_MS) * (0.9 + 0.2 * random());
  return { type: "snooze", failure: NEWER, scheduledAt: now + Math.round(delayMs) };
}

/** Decide the outcome of a task whose call was refused. A task that a budget holds is never discarded as forgotten, however long it is held. */
export function decideRefused(
  refusal: Refusal,
  task: { attempt: number },
  { now, random }: { now: number; random: () => number },
): Outcome {
  const { failure } = refusal;
  switch (refusal.type) {
    case "discard":
      return { type: "discard", failure };
    case "wait":
      return { type: "snooze", failure, scheduledAt: now + backoffMs(task.attempt, random) };
    case "hold":
      return { type: "snooze", failure, scheduledAt: spread(refusal.until, random) };
  }
}

/**
 * Decide the outcome of an attempt that failed. Times are epoch milliseconds. `hasFailedSo`: an earlier attempt failed in the
 * same way.
 */
export function decide(
  { remedy, failure }: Pick<ModelError, "failure" | "remedy">,
  task: { attempt: number; maxAttempts: number; createdAt: number },
  {
    now,
    random,
    askedAt = now,
    instead = null,
    hasFailedSo = false,
  }: { now: number; random: () => number; askedAt?: number; instead?: FallBack | null; hasFailedSo?: boolean },
): Outcome {
  switch (remedy) {
    case "discard":
      // This model answers no client of the account; another model may.
      if (instead?.isNow) return { type: "snooze", failure, scheduledAt: now, instead };
      return { type: "discard", failure };
    case "retry":
    case "retry_once":
      if (task.attempt >= task.maxAttempts || (remedy === "retry_once" && hasFailedSo))
        return { type: "discard", failure };
      return { type: "retry", failure, scheduledAt: now + backoffMs(task.attempt, random) };
    case "snooze":
    case "hold":
      if (now - task.createdAt > PATIENCE_MS) return { type: "discard", failure };
      // Another model may have capacity at this moment.
      if (instead?.isNow) return { type: "snooze", failure, scheduledAt: now, instead };
      return {
        type: "snooze",
        failure,
        ...(instead && { instead }),
        scheduledAt:
          remedy === "hold" ? Math.max(now, nextAllocationAt(askedAt, random)) : now + backoffMs(task.attempt, random),
      };
  }
}
