// How long calls to models take, kept as a histogram for each day: percentiles of recent calls, for one row written for a batch
// of similar calls.
import type { CallLatency } from "../../models/choose-model.ts";
import { HELD } from "../tasks/settle-inserts.ts";
import { DAY_MS, utcDay } from "../../durations.ts";

/** Each bucket ends a tenth above the one before. That is how exact a percentile is. */
const BUCKET_GROWTH = 1.1;

/** Older calls say little about today's capacity. */
const DAYS_COUNTED = 7;

export function bucketOf(durationMs: number): number {
  return Math.ceil(Math.log(Math.max(durationMs, 1)) / Math.log(BUCKET_GROWTH));
}

/** Count the calls of settled attempts (?1: `HELD`'s). Calls without an answer have no bucket. */
export function addLatencies(db: D1Database, rows: string): D1PreparedStatement {
  return db
    .prepare(
      `INSERT INTO model_latencies (day, model, bucket, calls)
       SELECT (s.value ->> 'finishedAt') / ${DAY_MS}, l.value ->> 'model', l.value ->> 'bucket', count(*)
         FROM ${HELD}, json_each(s.value, '$.latencies') l WHERE true GROUP BY 1, 2, 3
       ON CONFLICT (day, model, bucket) DO UPDATE SET calls = calls + excluded.calls`,
    )
    .bind(rows);
}

/** Read how long the calls of the last seven days took, by model; a model that was not asked is missing. */
export async function readLatencies(db: D1Database, now: number): Promise<ReadonlyMap<string, CallLatency>> {
  const { results } = await db
    .prepare(
      `SELECT model, bucket, sum(calls) AS calls FROM model_latencies WHERE day > ?1 GROUP BY model, bucket ORDER BY model, bucket`,
    )
    .bind(utcDay(now) - DAYS_COUNTED)
    .all<{ model: string; bucket: number; calls: number }>();
  return new Map(
    [...Map.groupBy(results, ({ model }) => model)].map(([model, buckets]) => [model, percentiles(buckets)]),
  );
}

/** Delete what is no longer counted. */
export function deleteLatencies(db: D1Database, now: number): D1PreparedStatement {
  return db.prepare(`DELETE FROM model_latencies WHERE day <= ?1`).bind(utcDay(now) - DAYS_COUNTED);
}

function percentiles(buckets: readonly { readonly bucket: number; readonly calls: number }[]): CallLatency {
  const calls = buckets.reduce((sum, bucket) => sum + bucket.calls, 0);
  const at = (share: number) => {
    let counted = 0;
    const found = buckets.find((bucket) => (counted += bucket.calls) >= share * calls);
    return Math.round(BUCKET_GROWTH ** (found?.bucket ?? 0));
  };
  return { calls, p50Ms: at(0.5), p95Ms: at(0.95) };
}
