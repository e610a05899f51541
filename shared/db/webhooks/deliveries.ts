// How deliveries of webhooks are created and settled. Endpoints are in webhooks.ts, the log is in delivery-log.ts.
import { checkAt } from "../tasks/check-at.ts";
import { TASK_FORMATS } from "../../jobs/formats.ts";
import { DELIVERY_ATTEMPTS } from "../../webhooks/event.ts";
import type { Changes } from "../../jobs/changes.ts";
import { cancellingTasks, openingTasks } from "../jobs/ends.ts";
import { type Returning, returning, type Statement } from "../transact.ts";

/** SQL: epoch milliseconds (SQL of our own) as ISO 8601. */
export const ISO = (column: string) =>
  `strftime('%Y-%m-%dT%H:%M:%S', ${column} / 1000, 'unixepoch') || printf('.%03dZ', ${column} % 1000)`;

/** What an endpoint gets about job `j`. It is taken when the job ends, so that each attempt sends the same. */
const PAYLOAD = `json_object(
  'type', 'job.' || j.state,
  'timestamp', ${ISO("j.finalized_at")},
  'data', json_object(
    'id', j.id, 'kind', j.kind, 'state', j.state,
    'error', iif(j.error_code IS NULL, NULL, json_object('code', j.error_code, 'message', j.error_message)),
    'createdAt', ${ISO("j.created_at")}, 'startedAt', ${ISO("j.started_at")}, 'finishedAt', ${ISO("j.finalized_at")},
    'reusedFrom', j.reused_from,
    'labels', json((SELECT json_group_array(json_object('label', b.label, 'score', b.score))
                      FROM (SELECT label, score FROM job_labels WHERE job_id = j.id ORDER BY score DESC, label) b)),
    'artifacts', json((SELECT json_group_array(json_object(
                                'name', a.name, 'contentType', a.content_type, 'sizeBytes', a.size_bytes,
                                'url', e.origin || '/v1/jobs/' || j.id || '/artifacts/' || a.name))
                         FROM artifacts a WHERE a.job_id = j.id)),
    'url', e.origin || '/v1/jobs/' || j.id))`;

/** What an endpoint gets about version `v` of the transcript of job `j`. */
const EDITED_PAYLOAD = `json_object(
  'type', 'transcript.edited',
  'timestamp', ${ISO("v.created_at")},
  'data', json_object(
    'id', j.id, 'kind', j.kind, 'version', v.version, 'operations', v.operations, 'revertedTo', v.reverted_to, 'keyId', v.key_id,
    'url', e.origin || '/v1/jobs/' || j.id || '/transcript'))`;

/** `now` as it is written in an id: D1 binds every number as REAL, whose text ends in ".0". */
const MOMENT = "CAST(?1 AS INTEGER)";

/**
 * Insert the deliveries of the jobs that ended at `now`, with their tasks: for the batch that ends the jobs, after the
 * statement that does. They are found by the index on jobs.finalized_at: a job whose owner has no endpoint costs a few rows
 * read and none written. Running this again changes nothing, because the ids are made of job, moment and endpoint. Returns the
 * tasks as `opened`.
 */
export function insertDeliveries(db: D1Database, now: number): Statement<Pick<Changes, "opened">>[] {
  return [
    db
      .prepare(
        `INSERT INTO webhook_deliveries (id, owner_id, endpoint_id, url, signer, job_id, event, payload, created_at)
         SELECT 'whd_' || replace(replace(j.id, 'job_', ''), '.', '-') || '_' || ${MOMENT} || '_' || substr(e.id, 4),
                j.owner_id, e.id, NULL, e.id, j.id, 'job.' || j.state, ${PAYLOAD}, ?1
           FROM jobs j JOIN webhook_endpoints e ON e.owner_id = j.owner_id
          WHERE j.finalized_at = ?1 AND e.disabled_at IS NULL
            AND EXISTS (SELECT 1 FROM json_each(e.events) WHERE value = 'job.' || j.state)
         UNION ALL
         -- A prediction's payload is rendered when it is sent, because it has a transcript, or links that expire.
         SELECT 'whd_' || replace(replace(j.id, 'job_', ''), '.', '-') || '_' || ${MOMENT} || '_prediction',
                j.owner_id, NULL, p.webhook, 'key:' || p.key_id, j.id, 'prediction.completed', 'null', ?1
           FROM jobs j JOIN predictions p ON p.job_id = j.id
          WHERE j.finalized_at = ?1 AND p.webhook IS NOT NULL
            AND NOT EXISTS (SELECT 1 FROM api_keys k WHERE k.id = p.key_id AND k.revoked_at IS NOT NULL AND k.keeps_webhooks = 0)
            AND (j.state = 'completed' OR EXISTS (SELECT 1 FROM json_each(p.events) WHERE value = 'completed'))
         ON CONFLICT (id) DO NOTHING`,
      )
      .bind(now),
    insertDeliveryTasks(
      db,
      `SELECT d.* FROM jobs j JOIN webhook_deliveries d ON d.job_id = j.id WHERE j.finalized_at = ?1 AND d.created_at = ?1`,
      { now },
    ),
  ];
}

/**
 * Insert the deliveries of a version of a transcript, with their tasks: for the batch that stores the version. `guard` is SQL
 * of our own over ?2, ?3 and ?4, which are `version`. Running this again changes nothing, because the ids are made of the
 * version.
 */
export function insertEditedDeliveries(
  db: D1Database,
  { version, guard }: { version: readonly [jobId: string, version: number, key: string]; guard: string },
  now: number,
): Statement<Pick<Changes, "opened">>[] {
  return [
    db
      .prepare(
        `INSERT INTO webhook_deliveries (id, owner_id, endpoint_id, url, signer, job_id, event, payload, created_at)
         SELECT 'whd_' || replace(replace(j.id, 'job_', ''), '.', '-') || '_v' || v.version || '_' || substr(e.id, 4),
                j.owner_id, e.id, NULL, e.id, j.id, 'transcript.edited', ${EDITED_PAYLOAD}, ?1
           FROM jobs j JOIN transcript_versions v ON v.job_id = j.id
           JOIN webhook_endpoints e ON e.owner_id = j.owner_id
          WHERE j.id = ?2 AND v.version = ?3 AND ${guard} AND e.disabled_at IS NULL
            AND EXISTS (SELECT 1 FROM json_each(e.events) WHERE value = 'transcript.edited')
         ON CONFLICT (id) DO NOTHING`,
      )
      .bind(now, ...version),
    insertDeliveryTasks(
      db,
      `SELECT d.* FROM webhook_deliveries d
        WHERE d.job_id = ?2 AND d.event = 'transcript.edited' AND d.created_at = ?1`,
      { now, rows: version[0] },
    ),
  ];
}

/**
 * Insert the tasks of deliveries (SQL of our own, with ?1 for now and ?2 for `rows`). Running this again changes nothing.
 * Returns `opened`. They come first in their owner's order: they are small, and a backlog must not hold up the news of what is
 * done.
 */
export function insertDeliveryTasks(
  db: D1Database,
  deliveries: string,
  { now, rows = null }: { now: number; rows?: string | null },
): Returning<Pick<Changes, "opened">> {
  const opened = db
    .prepare(
      `INSERT INTO tasks (id, job_id, kind, format, state, args, max_attempts, scheduled_at, check_at, created_at, owner_id, priority, is_side)
       SELECT d.job_id || '.' || d.id, d.job_id, 'deliver_webhook', ${TASK_FORMATS.get("deliver_webhook")}, 'available', json_object('deliveryId', d.id),
              ?3, ?1, ${checkAt("?1")}, ?1, d.owner_id, 0, 1
         FROM (${deliveries}) d WHERE true
       ON CONFLICT (id) DO NOTHING
       RETURNING id AS opened`,
    )
    .bind(now, rows, DELIVERY_ATTEMPTS);
  return openingTasks(opened);
}

/** What a delivery's attempt needs. */
export interface Delivery {
  readonly id: string;
  readonly event: string;
  readonly url: string;
  /** JSON. */
  readonly payload: string;
  /** The endpoint was disabled, or the key that gave the address was revoked. */
  readonly isDisabled: boolean;
  /** The current secret first, then the previous one while it is still valid. */
  readonly secrets: readonly string[];
}

export async function readDelivery(db: D1Database, id: string, now: number): Promise<Delivery | null> {
  const row = await db
    .prepare(
      `SELECT d.id, d.event, coalesce(d.url, e.url) AS url, d.payload, s.secret,
              e.disabled_at IS NOT NULL OR (d.endpoint_id IS NULL AND EXISTS (
                SELECT 1 FROM api_keys k
                 WHERE d.signer LIKE 'key:%' AND k.id = substr(d.signer, 5) AND k.revoked_at IS NOT NULL AND k.keeps_webhooks = 0)) AS isDisabled,
              iif(s.previous_until > ?2, s.previous_secret, NULL) AS previous
         FROM webhook_deliveries d JOIN webhook_secrets s ON s.signer = d.signer
         LEFT JOIN webhook_endpoints e ON e.id = d.endpoint_id
        WHERE d.id = ?1`,
    )
    .bind(id, now)
    .first<{
      id: string;
      event: string;
      url: string;
      payload: string;
      isDisabled: 0 | 1;
      secret: string;
      previous: string | null;
    }>();
  if (row === null) return null;
  const { isDisabled, secret, previous, ...delivery } = row;
  return { ...delivery, isDisabled: isDisabled === 1, secrets: previous === null ? [secret] : [secret, previous] };
}

const GONE = `SELECT d.endpoint_id FROM json_each(?1) s
                JOIN tasks t ON t.id = s.value ->> 'taskId' AND t.lease_id = s.value ->> 'leaseId'
                JOIN webhook_deliveries d ON d.id = s.value ->> '$.delivery.deliveryId'
               WHERE s.value ->> '$.delivery.isGone'`;

/**
 * For the settlement of attempts (?1, JSON), before their tasks change: record the answers, disable the endpoints that answered
 * 410, and cancel everything that still waits for them.
 */
export function settleDeliveries(
  db: D1Database,
  rows: string,
  { now, isAnyGone }: { now: number; isAnyGone: boolean },
): Statement<Pick<Changes, "disabledEndpoints"> | Pick<Changes, "cancelledTasks">>[] {
  const noted = db
    .prepare(
      `UPDATE webhook_deliveries
          SET attempted_at = s.value ->> 'startedAt', duration_ms = s.value ->> '$.delivery.durationMs',
              response_code = s.value ->> '$.delivery.responseCode', response_body = s.value ->> '$.delivery.responseBody'
         FROM json_each(?1) s JOIN tasks t ON t.id = s.value ->> 'taskId' AND t.lease_id = s.value ->> 'leaseId'
        WHERE webhook_deliveries.id = s.value ->> '$.delivery.deliveryId'`,
    )
    .bind(rows);
  if (!isAnyGone) return [noted];
  const disabled = db
    .prepare(
      `UPDATE webhook_endpoints SET disabled_at = ?2, disabled_reason = 'It answered 410 Gone.'
        WHERE disabled_at IS NULL AND id IN (${GONE})
       RETURNING id, owner_id AS ownerId`,
    )
    .bind(rows, now);
  const cancelled = db
    .prepare(
      `UPDATE tasks SET state = 'cancelled', finalized_at = ?2
        WHERE state IN ('available', 'retryable') AND id IN (
              SELECT w.job_id || '.' || w.id FROM webhook_deliveries w WHERE w.endpoint_id IN (${GONE}))
       RETURNING id`,
    )
    .bind(rows, now);
  return [
    noted,
    returning(disabled, (disabledEndpoints: Changes["disabledEndpoints"]) => ({ disabledEndpoints })),
    cancellingTasks(cancelled),
  ];
}
