export const MINUTE_MS = 60_000;
export const HOUR_MS = 60 * MINUTE_MS;
export const DAY_MS = 24 * HOUR_MS;

/** Return the UTC day of a moment (epoch milliseconds) as days since the epoch, as in tables that count by day. */
export function utcDay(at: number): number {
  return Math.floor(at / DAY_MS);
}
