import type { Verdict } from "../shared/settlement.ts";
import type { Diagnosis } from "../shared/ai/failure.ts";

const BASE_MS = 10_000;
const CEILING_MS = 15 * 60_000;

/** A task that cannot get its turn for a week has been forgotten by its operator: it is given up on, with the reason. */
const PATIENCE_MS = 7 * 24 * 3_600_000;

/** Before attempt `attempt + 1`: 10 s, 20 s, 40 s … up to 15 min, ±10 % so that a burst does not return as a burst. */
export function backoffMs(attempt: number, random: () => number): number {
  return Math.round(Math.min(BASE_MS * 2 ** (attempt - 1), CEILING_MS) * (0.9 + 0.2 * random()));
}

/** The next 00:00 UTC after `now`, when the daily allocation is counted anew; spread over five minutes. */
export function nextAllocationAt(now: number, random: () => number): number {
  const day = 24 * 3_600_000;
  return (Math.floor(now / day) + 1) * day + Math.round(5 * 60_000 * random());
}

/** What becomes of a task whose attempt failed. Times are epoch milliseconds. */
export function decide(
  { remedy, failure }: Diagnosis,
  task: { attempt: number; maxAttempts: number; createdAt: number },
  { now, random }: { now: number; random: () => number },
): Verdict {
  switch (remedy) {
    case "discard":
      return { type: "discard", failure };
    case "retry":
      if (task.attempt >= task.maxAttempts) return { type: "discard", failure };
      return { type: "retry", failure, scheduledAt: now + backoffMs(task.attempt, random) };
    case "snooze":
    case "hold":
      if (now - task.createdAt > PATIENCE_MS) return { type: "discard", failure };
      return {
        type: "snooze",
        failure,
        scheduledAt: remedy === "hold" ? nextAllocationAt(now, random) : now + backoffMs(task.attempt, random),
      };
  }
}
