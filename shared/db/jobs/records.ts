// Descriptions of jobs, for their record in the bucket. A job that an object of the inbox describes needs no record: the sweep
// finds the object again.
import type { JobRecord } from "../../restoring/records.ts";
import type { Prediction } from "../../replicate/prediction.ts";
import { MEDIA_BUCKET } from "../../uploads/storage.ts";
import { DAY_MS } from "../../durations.ts";

/** How far back Time Travel goes (developers.cloudflare.com/d1/reference/time-travel, Workers Paid): no record is needed longer. */
export const RECORDED_MS = 30 * DAY_MS;

/**
 * Whether job `j` is described only in D1 (SQL of our own, `bucket` too). So is the job of an object that had been stored long before: the
 * sweep may not look at it any more.
 */
export const isDescribed = (bucket: string) => `(j.is_of_source = 0 OR NOT EXISTS (
  SELECT 1 FROM uploads u
   WHERE u.bucket = ${bucket} AND u.key = j.input ->> '$.source.key' AND u.job_id = j.id))`;

interface Paging {
  readonly found: number;
  readonly charsBefore: number;
}

/** A prompt may have a million characters. A page of inputs must fit into memory, and into an answer of D1. */
const PAGE_CHARS = 8_000_000;

/**
 * List jobs submitted after a time, the oldest first, at most `limit`, and fewer if their inputs are long. Reads a row for each owner, and
 * two for each such job.
 */
export async function listDescribed(
  db: D1Database,
  { after, limit }: { after: { at: number; id: string }; limit: number },
): Promise<{ readonly rows: readonly JobRecord[]; readonly isAll: boolean }> {
  const { results } = await db
    .prepare(
      `WITH RECURSIVE owners (id) AS (
         SELECT min(owner_id) FROM jobs
         UNION ALL
         SELECT (SELECT min(o.owner_id) FROM jobs o WHERE o.owner_id > owners.id) FROM owners WHERE owners.id IS NOT NULL
       ), page AS (SELECT j.id, j.owner_id AS ownerId, j.kind, j.input, j.created_at AS createdAt, j.priority, j.max_neurons AS maxNeurons, j.limited_key AS limitedKey, j.tags, j.metadata, j.choice,
              j.follows IS NOT NULL OR j.reused_from IS NOT NULL AS isReusing, j.state = 'cancelled' AS isCancelled,
              iif(p.job_id IS NULL, NULL, json_object('jobId', p.job_id, 'ownerId', p.owner_id, 'model', p.model, 'input', json(p.input),
                  'webhook', p.webhook, 'keyId', p.key_id, 'events', json(p.events), 'origin', p.origin)) AS prediction
         FROM owners CROSS JOIN jobs j INDEXED BY jobs_by_owner LEFT JOIN predictions p ON p.job_id = j.id
        WHERE j.owner_id = owners.id AND (j.created_at, j.id) > (?1, ?2) AND j.archive_id IS NULL AND ${isDescribed("?4")}
        ORDER BY j.created_at, j.id LIMIT ?3)
       SELECT * FROM (SELECT page.*, count(*) OVER () AS found, sum(length(input)) OVER (ORDER BY createdAt, id) - length(input) AS charsBefore
                        FROM page)
        WHERE charsBefore < ?5 ORDER BY createdAt, id`,
    )
    .bind(after.at, after.id, limit, MEDIA_BUCKET, PAGE_CHARS)
    .all<JobRecord & Paging>();
  const found = results[0]?.found ?? 0;
  return { rows: results.map(recordOf), isAll: found < limit && results.length === found };
}

/** Return what is kept: without the columns that only limit a page. */
function recordOf({ found: _found, charsBefore: _charsBefore, ...row }: JobRecord & Paging): JobRecord {
  return row;
}

/** Return the prediction that the job was requested as; null if it was not. */
export function predictionOf({ prediction }: JobRecord): Prediction | null {
  return prediction === null ? null : (JSON.parse(prediction) as Prediction); // our own JSON, from listDescribed
}
