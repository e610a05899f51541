// The account's daily allocation of neurons: when it is reset, and what a refusal because of it holds.
import { ModelError } from "./model-error.ts";
import { DAY_MS, MINUTE_MS, utcDay } from "../durations.ts";

/** While the platform refuses the account, no task with a model is leased and no request asks one. Times are epoch milliseconds. */
export interface AccountHold {
  readonly code: string;
  readonly since: number;
  readonly until: number;
}

/** Leases are taken a moment early, and held tasks must not ask before the day begins. */
const AFTER_RESET_MS = 5000;

/** The platform may still be resetting this long after midnight. It is then asked again after this time, not a day later. */
const RECOUNT_MS = 15 * MINUTE_MS;

/** Return when a held task comes back: within five minutes after the reset, but not all tasks at once. */
export function spread(resetsAt: number, random: () => number): number {
  return resetsAt + AFTER_RESET_MS + Math.round((5 * MINUTE_MS - AFTER_RESET_MS) * random());
}

/**
 * Return the next 00:00 UTC after `askedAt`, when the daily allocation is reset, spread over five minutes. In the first quarter
 * of an hour of a day, return a time a quarter of an hour later.
 */
export function nextAllocationAt(askedAt: number, random: () => number): number {
  if (askedAt % DAY_MS < RECOUNT_MS) return spread(askedAt + RECOUNT_MS, random);
  return spread((utcDay(askedAt) + 1) * DAY_MS, random);
}

/**
 * Return the hold that a failed call, which began at `askedAt`, puts on the account; null if the error is not about the
 * account.
 */
export function holdOf(
  error: unknown,
  { askedAt, now, random }: { askedAt: number; now: number; random: () => number },
): AccountHold | null {
  if (!(error instanceof ModelError) || error.remedy !== "hold") return null;
  return { code: error.code, since: now, until: nextAllocationAt(askedAt, random) };
}
