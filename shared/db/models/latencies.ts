// How long calls to models take, kept as a histogram for each day in one row: percentiles of recent calls, for one row written for a
// batch of calls to a model.
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
      `INSERT INTO latency_days (day, model, buckets)
       SELECT day, model, json_group_object(bucket, calls)
         FROM (SELECT (s.value ->> 'finishedAt') / ${DAY_MS} AS day, l.value ->> 'model' AS model, l.value ->> 'bucket' AS bucket,
                      count(*) AS calls
                 FROM ${HELD}, json_each(s.value, '$.latencies') l GROUP BY 1, 2, 3)
        WHERE true GROUP BY 1, 2
       ON CONFLICT (day, model) DO UPDATE
          SET buckets = (SELECT json_group_object(bucket, calls)
                           FROM (SELECT b.key AS bucket, sum(b.value) AS calls
                                   FROM (SELECT key, value FROM json_each(latency_days.buckets)
                                         UNION ALL SELECT key, value FROM json_each(excluded.buckets)) b
                                  GROUP BY 1))`,
    )
    .bind(rows);
}

/** Read how long the calls of the last seven days took, by model; a model that was not asked is missing. */
export async function readLatencies(db: D1Database, now: number): Promise<ReadonlyMap<string, CallLatency>> {
  const { results } = await db
    .prepare(
      // An earlier version writes a row for each bucket, into a table of its own.
      `SELECT model, bucket, sum(calls) AS calls
         FROM (SELECT model, bucket, calls FROM model_latencies WHERE day > ?1
               UNION ALL
               SELECT d.model, CAST(b.key AS INTEGER), b.value FROM latency_days d, json_each(d.buckets) b WHERE d.day > ?1)
        GROUP BY model, bucket ORDER BY model, bucket`,
    )
    .bind(utcDay(now) - DAYS_COUNTED)
    .all<{ model: string; bucket: number; calls: number }>();
  return new Map(
    [...Map.groupBy(results, ({ model }) => model)].map(([model, buckets]) => [model, percentiles(buckets)]),
  );
}

/** Delete what is no longer counted. */
export async function deleteLatencies(db: D1Database, now: number): Promise<number> {
  const results = await db.batch(
    ["model_latencies", "latency_days"].map((table) =>
      db.prepare(`DELETE FROM ${table} WHERE day <= ?1`).bind(utcDay(now) - DAYS_COUNTED),
    ),
  );
  return results.reduce((sum, { meta }) => sum + meta.changes, 0);
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
