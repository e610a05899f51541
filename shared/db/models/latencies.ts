// How long calls to models take, kept as histograms for each day in one row: percentiles of recent calls, for one row written for a
// batch of calls to a model.
import type { CallLatency } from "../../models/choose-model.ts";
import type { StreamLatency } from "../../models/choose-text-model.ts";
import type { ModelCall } from "../../models/model-call.ts";
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
       ON CONFLICT (day, model) DO UPDATE SET ${added("buckets")}`,
    )
    .bind(rows);
}

/** Add the histogram of the row that is inserted to the one that is there. */
function added(column: "buckets" | "first_text_buckets" | "token_buckets"): string {
  return `${column} = (SELECT json_group_object(bucket, calls)
            FROM (SELECT b.key AS bucket, sum(b.value) AS calls
                    FROM (SELECT key, value FROM json_each(latency_days.${column})
                          UNION ALL SELECT key, value FROM json_each(excluded.${column})) b
                   GROUP BY 1))`;
}

/** Whether a call was a stream that was measured. */
export function isMeasuredStream({ firstTextMs }: ModelCall): boolean {
  return firstTextMs !== undefined;
}

/**
 * Count the streams among the calls of a request, in the batch that settles them, only while their reservation exists. One row for each
 * model.
 */
export function addStreamLatencies(
  db: D1Database,
  { calls, at, ownerId }: { readonly calls: readonly ModelCall[]; readonly at: number; readonly ownerId: string },
  reservationId: string,
): D1PreparedStatement {
  const rows = calls.filter(isMeasuredStream).map(({ model, firstTextMs = 0, tokensASecond }) => ({
    model,
    first: { [bucketOf(firstTextMs)]: 1 },
    tokens: tokensASecond === undefined ? {} : { [bucketOf(msForTokens(tokensASecond))]: 1 },
  }));
  return db
    .prepare(
      `INSERT INTO latency_days (day, model, buckets, first_text_buckets, token_buckets)
       SELECT ?2, s.value ->> 'model', '{}', s.value -> 'first', s.value -> 'tokens' FROM json_each(?1) s
        WHERE EXISTS (SELECT 1 FROM reservations WHERE owner_id = ?3 AND task_id = ?4)
       ON CONFLICT (day, model) DO UPDATE SET ${added("first_text_buckets")}, ${added("token_buckets")}`,
    )
    .bind(JSON.stringify(rows), utcDay(at), ownerId, reservationId);
}

/** The time for 1,000 tokens: in whole milliseconds it is exact enough for every model. */
function msForTokens(tokensASecond: number): number {
  return 1_000_000 / tokensASecond;
}

const recent = (column: string) =>
  `SELECT d.model, '${column}' AS part, CAST(b.key AS INTEGER) AS bucket, b.value AS calls
     FROM latency_days d, json_each(d.${column}) b WHERE d.day > ?1`;

/** Read how the streams of the last seven days behaved, by model; a model without a stream of more than a few tokens is missing. */
export async function readStreamLatencies(db: D1Database, now: number): Promise<ReadonlyMap<string, StreamLatency>> {
  const { results } = await db
    .prepare(
      `SELECT model, part, bucket, sum(calls) AS calls
         FROM (${recent("first_text_buckets")} UNION ALL ${recent("token_buckets")})
        GROUP BY 1, 2, 3 ORDER BY 1, 2, 3`,
    )
    .bind(utcDay(now) - DAYS_COUNTED)
    .all<{ model: string; part: string; bucket: number; calls: number }>();
  return new Map(
    [...Map.groupBy(results, ({ model }) => model)].flatMap(([model, rows]) => {
      const of = (column: string) => percentiles(rows.filter(({ part }) => part === column));
      const [firstText, thousandTokens] = [of("first_text_buckets"), of("token_buckets")];
      return thousandTokens.calls === 0 ? [] : [[model, { firstText, thousandTokens }] as const];
    }),
  );
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
