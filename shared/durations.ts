export const MINUTE_MS = 60_000;
export const HOUR_MS = 60 * MINUTE_MS;
export const DAY_MS = 24 * HOUR_MS;

/** The UTC day that a moment (epoch milliseconds) lies in, as days since the epoch: tables that count by day have it so. */
export function utcDay(at: number): number {
  return Math.floor(at / DAY_MS);
}
