/**
 * Attempts of a batch that end close together settle together. Beside a slower task they wait no longer than this: their
 * clients wait too, and a result that is not settled would have to be found and reused if the consumer died. It is also how
 * soon a task that was cancelled is stopped: within two seconds, and an invocation of fifteen minutes stays below the thousand
 * queries that D1 allows it.
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
 * For how long a batch tries a settlement again.
 * @returns a function that takes whether D1 took a settlement, and answers whether to try the same one again.
 */
export function createPatience(now: () => number = Date.now): (isTaken: boolean) => boolean {
  let refusedAt: number | null = null;
  return (isTaken) => {
    refusedAt = isTaken ? null : (refusedAt ?? now());
    return refusedAt !== null && now() - refusedAt < RETRY_SETTLEMENT_MS;
  };
}
