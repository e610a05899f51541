import type { JobKind } from "../../kinds/index.ts";
import { HOUR_MS } from "../../durations.ts";

/** Jobs of a kind that ended within one step. */
export interface ThroughputPoint {
  /** When the step begins: epoch milliseconds, a multiple of the step. */
  readonly at: number;
  readonly kind: JobKind;
  readonly completed: number;
  readonly failed: number;
}

/** `hours` is how long before `now` the figures begin; `stepMs` is the length of a step. */
export interface ThroughputQuestion {
  /** The jobs of one owner; null for those of all owners. */
  readonly ownerId: string | null;
  readonly hours: number;
  readonly stepMs: number;
  readonly now: number;
}

/** Only the latest jobs of an owner are counted, so that one owner's history cannot make the call expensive. */
const OWN_JOBS_COUNTED = 5000;

// D1 binds numbers as REAL, and their division would not round down.
const points = (from: string) =>
  `SELECT finalized_at / CAST(?2 AS INTEGER) * CAST(?2 AS INTEGER) AS at, kind, sum(state = 'completed') AS completed, sum(state = 'failed') AS failed
     FROM ${from} WHERE finalized_at >= ?1 AND state <> 'cancelled' GROUP BY 1, 2 ORDER BY 1, 2`;

/**
 * Count how many jobs ended in each step; steps without any are left out. Rows read: two for each job that ended since. For one
 * owner only the latest jobs are read: at most 5,000 rows, twice.
 */
export async function readThroughput(
  db: D1Database,
  { ownerId, hours, stepMs, now }: ThroughputQuestion,
): Promise<readonly ThroughputPoint[]> {
  // The first step is whole: a bar that is cut off would look like a drop.
  const from = Math.floor((now - hours * HOUR_MS) / stepMs + 1) * stepMs;
  const own = `(SELECT kind, state, finalized_at FROM jobs WHERE owner_id = ?3 ORDER BY created_at DESC LIMIT ?4)`;
  const statement =
    ownerId === null
      ? db.prepare(points("jobs INDEXED BY jobs_finalized")).bind(from, stepMs)
      : db.prepare(points(own)).bind(from, stepMs, ownerId, OWN_JOBS_COUNTED);
  return (await statement.all<ThroughputPoint>()).results;
}
