/**
 * Attempts of a batch that end close together settle together. An attempt waits no longer than this for a slower task: its
 * client waits too, and if the consumer died, an unsettled result would have to be found and reused. This interval also decides
 * how soon a cancelled task is stopped, which is within two seconds, and it keeps an invocation of fifteen minutes below the
 * thousand queries that D1 allows.
 */
export const SETTLE_EVERY_MS = 1400;

/** A settlement that D1 refuses is tried again for this long. The leases of its attempts last longer. */
const RETRY_SETTLEMENT_MS = 45_000;

/** Wait until it is time to settle: all tasks have ended, or some may have. */
export async function untilSettlement(allEnded: Promise<unknown>): Promise<void> {
  await Promise.race([allEnded, waitToRetry()]);
}

/** Wait before a settlement that D1 refused is tried again. */
export async function waitToRetry(): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, SETTLE_EVERY_MS));
}

/**
 * Decide for how long a batch retries a settlement.
 * @returns a function that takes whether D1 accepted a settlement, and returns whether to try the same one again.
 */
export function createPatience(now: () => number = Date.now): (isTaken: boolean) => boolean {
  let refusedAt: number | null = null;
  return (isTaken) => {
    refusedAt = isTaken ? null : (refusedAt ?? now());
    return refusedAt !== null && now() - refusedAt < RETRY_SETTLEMENT_MS;
  };
}
