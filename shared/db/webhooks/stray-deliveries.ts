// Deliveries that belong to no job, and so have no task: alerts, and news of budgets whose job was deleted.
import type { Answer } from "../../webhooks/send.ts";

export interface TakenDelivery {
  readonly id: string;
  readonly endpointId: string | null;
  readonly createdAt: number;
  /** This attempt, counted from 1. */
  readonly attempt: number;
}

/**
 * Take deliveries that are due at `now`, in the order in which they were created. No other caller takes them before `until`: a
 * caller that still holds them then has died.
 */
export async function takeStrays(
  db: D1Database,
  { now, until, limit }: { now: number; until: number; limit: number },
): Promise<readonly TakenDelivery[]> {
  const { results } = await db
    .prepare(
      `UPDATE webhook_deliveries SET attempts = attempts + 1, next_attempt_at = ?2
        WHERE id IN (SELECT id FROM webhook_deliveries WHERE next_attempt_at <= ?1 ORDER BY next_attempt_at LIMIT ?3)
       RETURNING id, endpoint_id AS endpointId, created_at AS createdAt, attempts AS attempt`,
    )
    .bind(now, until, limit)
    .all<TakenDelivery>();
  return results.toSorted((a, b) => a.createdAt - b.createdAt || (a.id < b.id ? -1 : 1));
}

/** The result of a delivery that was taken. */
export interface StrayReport extends Pick<TakenDelivery, "id" | "attempt"> {
  readonly attemptedAt: number;
  /** When it is tried again: epoch milliseconds; null for never. */
  readonly nextAttemptAt: number | null;
  /** Null if nothing was sent. */
  readonly answer: Answer | null;
}

/** Give back deliveries that were not sent: they are due at once, and the attempt is not counted. */
export async function giveBackStrays(
  db: D1Database,
  unsent: readonly Pick<TakenDelivery, "id" | "attempt">[],
  now: number,
): Promise<void> {
  if (unsent.length === 0) return;
  await db
    .prepare(
      `UPDATE webhook_deliveries SET attempts = attempts - 1, next_attempt_at = ?2
         FROM json_each(?1) s WHERE webhook_deliveries.id = s.value ->> 'id' AND attempts = s.value ->> 'attempt'`,
    )
    .bind(JSON.stringify(unsent.map(({ id, attempt }) => ({ id, attempt }))), now)
    .run();
}

/** Record the answers, unless another caller has taken the delivery since. An endpoint that answered 410 is disabled. */
export async function settleStrays(db: D1Database, reports: readonly StrayReport[], now: number): Promise<void> {
  if (reports.length === 0) return;
  const rows = JSON.stringify(
    reports.map(({ answer, ...report }) => ({
      ...report,
      durationMs: answer?.durationMs ?? null,
      responseCode: answer?.responseCode ?? null,
      responseBody: answer?.responseBody ?? null,
      isGone: answer?.failure?.code === "endpoint_gone",
    })),
  );
  await db.batch([
    db
      .prepare(
        `UPDATE webhook_deliveries
            SET next_attempt_at = s.value ->> 'nextAttemptAt', attempted_at = s.value ->> 'attemptedAt',
                duration_ms = s.value ->> 'durationMs', response_code = s.value ->> 'responseCode',
                response_body = s.value ->> 'responseBody'
           FROM json_each(?1) s WHERE webhook_deliveries.id = s.value ->> 'id' AND attempts = s.value ->> 'attempt'`,
      )
      .bind(rows),
    db
      .prepare(
        `UPDATE webhook_endpoints SET disabled_at = ?2, disabled_reason = 'It answered 410 Gone.'
          WHERE disabled_at IS NULL
            AND id IN (SELECT d.endpoint_id FROM json_each(?1) s JOIN webhook_deliveries d ON d.id = s.value ->> 'id'
                        WHERE s.value ->> 'isGone')`,
      )
      .bind(rows, now),
  ]);
}
