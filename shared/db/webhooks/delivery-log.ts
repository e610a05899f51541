import { checkAt } from "../tasks/check-at.ts";
import type { Answer } from "../../webhooks/send.ts";
import { DELIVERY_ATTEMPTS } from "../../webhooks/event.ts";
import type { Changes } from "../../jobs/changes.ts";
import { type Actor, insertAudit } from "../keys/audit.ts";

/** A delivery with the state of its task. `taskState` is null if the delivery belongs to no job: a test, or an alert. */
export interface DeliveryRow {
  readonly id: string;
  readonly jobId: string | null;
  readonly event: string;
  /** JSON. */
  readonly payload: string;
  readonly createdAt: number;
  readonly attemptedAt: number | null;
  readonly durationMs: number | null;
  readonly responseCode: number | null;
  readonly responseBody: string | null;
  readonly taskState: string | null;
  readonly attempt: number | null;
  readonly scheduledAt: number | null;
  /** For a delivery that belongs to no job: its attempts so far, and when the next one is due; null for none. */
  readonly attempts: number;
  readonly nextAttemptAt: number | null;
  readonly errorCode: string | null;
  readonly errorMessage: string | null;
}

/** The error of a task is that of its last attempt; the error of a test is in its answer. */
const ROWS = `SELECT d.id, d.job_id AS jobId, d.event, d.payload, d.created_at AS createdAt, d.attempted_at AS attemptedAt,
                     d.duration_ms AS durationMs, d.response_code AS responseCode, d.response_body AS responseBody,
                     t.state AS taskState, t.attempt, t.scheduled_at AS scheduledAt,
                     d.attempts, d.next_attempt_at AS nextAttemptAt,
                     a.error_code AS errorCode, a.error_message AS errorMessage
                FROM webhook_deliveries d LEFT JOIN tasks t ON t.id = d.job_id || '.' || d.id
                LEFT JOIN attempts a ON a.task_id = t.id
                     AND a.number = iif(t.state = 'running', t.attempt - 1, t.attempt)`;

/** List deliveries, newest first. */
export async function listDeliveries(
  db: D1Database,
  endpointId: string,
  page: { ownerId: string; limit: number; before: { at: number; id: string } | undefined },
): Promise<readonly DeliveryRow[]> {
  const { results } = await db
    .prepare(
      `${ROWS} WHERE d.endpoint_id = ?1 AND d.owner_id = ?2 AND (d.created_at, d.id) < (?3, ?4)
        ORDER BY d.created_at DESC, d.id DESC LIMIT ?5`,
    )
    .bind(endpointId, page.ownerId, page.before?.at ?? Number.MAX_SAFE_INTEGER, page.before?.id ?? "", page.limit)
    .all<DeliveryRow>();
  return results;
}

export async function findDelivery(
  db: D1Database,
  delivery: { id: string; endpointId: string; ownerId: string },
): Promise<DeliveryRow | null> {
  return db
    .prepare(`${ROWS} WHERE d.id = ?1 AND d.endpoint_id = ?2 AND d.owner_id = ?3`)
    .bind(delivery.id, delivery.endpointId, delivery.ownerId)
    .first<DeliveryRow>();
}

/** Neither running nor about to run. A wait between two attempts may be cut short. */
const REPLAYABLE = `state IN ('completed', 'discarded', 'cancelled', 'retryable')`;

/**
 * Deliver again, with the same id and as many attempts as a new delivery has. A delivery that waits between two attempts is
 * only made due.
 * @returns the task, as `ready`; none if an attempt is running.
 */
export async function replayDelivery(
  db: D1Database,
  { id, jobId }: { id: string; jobId: string },
  actor: Actor,
  now: number,
): Promise<Pick<Changes, "ready">> {
  const taskId = `${jobId}.${id}`;
  const [, , replayed] = await db.batch<{ id: string }>([
    insertAudit(
      db,
      actor,
      { act: "webhook.replay", subject: id, now },
      `EXISTS (SELECT 1 FROM webhook_deliveries d JOIN tasks t ON t.id = d.job_id || '.' || d.id
                WHERE d.id = ?1 AND d.owner_id = ?2 AND t.${REPLAYABLE})`,
    ),
    // The replay takes the place of a redrive of its dead letter.
    db
      .prepare(
        `UPDATE dead_letters SET redriven_at = ?2
          WHERE task_id = ?1 AND redriven_at IS NULL AND redrive_id IS NULL
            AND EXISTS (SELECT 1 FROM tasks WHERE id = ?1 AND state = 'discarded')`,
      )
      .bind(taskId, now),
    db
      .prepare(
        `UPDATE tasks
            SET max_attempts = iif(state = 'retryable', max_attempts, attempt + ?3),
                state = 'available', finalized_at = NULL, scheduled_at = ?2, check_at = ${checkAt("?2")}
          WHERE id = ?1 AND is_side = 1 AND ${REPLAYABLE}
         RETURNING id`,
      )
      .bind(taskId, now, DELIVERY_ATTEMPTS),
  ]);
  return { ready: (replayed?.results ?? []).map((row) => row.id) };
}

/** Record a test that was sent and answered. It is not retried. */
export async function insertTest(
  db: D1Database,
  { id, endpointId, payload }: { id: string; endpointId: string; payload: string },
  answer: Answer,
  { ownerId, now }: { ownerId: string; now: number },
): Promise<void> {
  await db
    .prepare(
      `INSERT INTO webhook_deliveries (id, owner_id, endpoint_id, signer, event, payload, created_at, attempted_at,
                                       duration_ms, response_code, response_body)
       SELECT ?1, ?2, id, id, 'webhook.test', ?4, ?5, ?5, ?6, ?7, ?8 FROM webhook_endpoints WHERE id = ?3`,
    )
    .bind(id, ownerId, endpointId, payload, now, answer.durationMs, answer.responseCode, answer.responseBody)
    .run();
}

/** Read the secrets that sign an endpoint's deliveries: the current one first, then the previous one while it is valid. */
export async function readSecrets(db: D1Database, signer: string, now: number): Promise<readonly string[]> {
  const row = await db
    .prepare(
      `SELECT secret, iif(previous_until > ?2, previous_secret, NULL) AS previous FROM webhook_secrets WHERE signer = ?1`,
    )
    .bind(signer, now)
    .first<{ secret: string; previous: string | null }>();
  return row === null ? [] : [row.secret, row.previous].filter((secret) => secret !== null);
}
