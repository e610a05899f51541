// The account's daily allocation of neurons: when it is counted anew, and what being refused for it holds.
import type { AccountHold } from "../db/cost/holds.ts";
import { ModelError } from "./model-error.ts";

const DAY_MS = 24 * 3_600_000;

/** Leases are taken a moment early; held tasks must not be asked about before the day begins. */
const AFTER_RESET_MS = 5000;

/** So long after midnight the platform may still be at it: it is asked again then, not a day later. */
const RECOUNT_MS = 15 * 60_000;

/** Held tasks come back within five minutes, not all at once. */
export function spread(resetsAt: number, random: () => number): number {
  return resetsAt + AFTER_RESET_MS + Math.round((5 * 60_000 - AFTER_RESET_MS) * random());
}

/**
 * The next 00:00 UTC after `askedAt`, when the daily allocation is counted anew; spread over five minutes. In the first
 * quarter of an hour of a day, after another one.
 */
export function nextAllocationAt(askedAt: number, random: () => number): number {
  if (askedAt % DAY_MS < RECOUNT_MS) return spread(askedAt + RECOUNT_MS, random);
  return spread((Math.floor(askedAt / DAY_MS) + 1) * DAY_MS, random);
}

/** What a call that began at `askedAt` and failed so holds the account with; null where it was not the account's. */
export function holdOf(
  error: unknown,
  { askedAt, now, random }: { askedAt: number; now: number; random: () => number },
): AccountHold | null {
  if (!(error instanceof ModelError) || error.remedy !== "hold") return null;
  return { code: error.code, since: now, until: nextAllocationAt(askedAt, random) };
}
