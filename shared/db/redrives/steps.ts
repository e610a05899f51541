// The steps of a redrive of many: its canary, its next letters, its count. Cron and the request that created it may run these
// at once: each statement takes a step only from the state in which it expects the redrive.
import { FATE, fatesOf, REDRIVE_COLUMNS, type RedriveRow } from "./redrives.ts";

/** Take on redrives that have letters to redrive, or whose letters' tasks have not all ended: each in its turn. */
export async function takeUnfinished(db: D1Database, now: number, limit: number): Promise<readonly RedriveRow[]> {
  const { results } = await db
    .prepare(
      `UPDATE redrives SET checked_at = ?1
        WHERE id IN (SELECT id FROM redrives WHERE finalized_at IS NULL ORDER BY checked_at LIMIT ?2 + 0)
       RETURNING ${REDRIVE_COLUMNS}`,
    )
    .bind(now, limit)
    .all<RedriveRow>();
  return results;
}

export async function findUnfinished(db: D1Database, id: string): Promise<RedriveRow | null> {
  return db
    .prepare(`SELECT ${REDRIVE_COLUMNS} FROM redrives WHERE id = ?1 AND finalized_at IS NULL`)
    .bind(id)
    .first<RedriveRow>();
}

/** Reserve the times up to `to` for letters. @returns whether this call did; false if another one was faster. */
export async function reserveUntil(db: D1Database, redrive: RedriveRow, to: number): Promise<boolean> {
  const { meta } = await db
    .prepare(`UPDATE redrives SET next_at = ?3 WHERE id = ?1 AND next_at = ?2 AND state = 'running'`)
    .bind(redrive.id, redrive.nextAt, to)
    .run();
  return meta.changes > 0;
}

export interface PendingLetter {
  readonly id: string;
  readonly taskId: string | null;
}

/** Find letters that the redrive holds and has not redriven yet, oldest first. */
export async function findPending(db: D1Database, redriveId: string, limit: number): Promise<readonly PendingLetter[]> {
  const { results } = await db
    .prepare(
      `SELECT id, task_id AS taskId FROM dead_letters
        WHERE redrive_id = ?1 AND redriven_at IS NULL AND discarded_at IS NULL ORDER BY created_at, id LIMIT ?2 + 0`,
    )
    .bind(redriveId, limit)
    .all<PendingLetter>();
  return results;
}

/** Release letters that turned out not to be redrivable: their job was cancelled since. They count as skipped. */
export async function skipLetters(db: D1Database, redriveId: string, ids: readonly string[]): Promise<void> {
  await db
    .prepare(
      `UPDATE dead_letters SET redrive_id = NULL
        WHERE redrive_id = ?1 AND redriven_at IS NULL AND id IN (SELECT value FROM json_each(?2))`,
    )
    .bind(redriveId, JSON.stringify(ids))
    .run();
}

export interface Canary {
  readonly id: string;
  readonly taskId: string;
  readonly fate: "pending" | "skipped" | "running" | "completed" | "failed" | "cancelled";
  /** Why its task failed again. */
  readonly code: string | null;
  readonly reason: string | null;
}

/** Read the letter that goes first; null if it was pruned or released. */
export async function readCanary(db: D1Database, { id, canaryId }: RedriveRow): Promise<Canary | null> {
  return db
    .prepare(
      `SELECT d.id, d.task_id AS taskId, ${FATE} AS fate, n.code, n.reason
         FROM dead_letters d LEFT JOIN tasks t ON t.id = d.task_id
         LEFT JOIN dead_letters n
           ON n.id = (SELECT id FROM dead_letters
                       WHERE task_id = d.task_id AND created_at > d.created_at ORDER BY created_at LIMIT 1)
        WHERE d.id = ?1 AND d.redrive_id = ?2`,
    )
    .bind(canaryId, id)
    .first<Canary>();
}

/** Let another letter go first if the canary cannot. If none is left, there is nothing to try out. */
export async function replaceCanary(db: D1Database, { id, canaryId }: RedriveRow): Promise<void> {
  const next = `SELECT id FROM dead_letters
                 WHERE redrive_id = ?1 AND id <> ?2 AND task_id IS NOT NULL AND redriven_at IS NULL AND discarded_at IS NULL
                 ORDER BY created_at, id LIMIT 1`;
  await db
    .prepare(
      `UPDATE redrives SET canary_id = coalesce((${next}), canary_id), state = iif(EXISTS (${next}), 'canary', 'running')
        WHERE id = ?1 AND canary_id = ?2 AND state = 'canary'`,
    )
    .bind(id, canaryId)
    .run();
}

/** Let the rest follow, because the canary's task has completed. */
export async function passCanary(db: D1Database, redriveId: string): Promise<void> {
  await db.prepare(`UPDATE redrives SET state = 'running' WHERE id = ?1 AND state = 'canary'`).bind(redriveId).run();
}

/**
 * Store the final counts of the letters, once all results are known. A redrive that was neither cancelled nor stopped is
 * completed then.
 */
export async function finishRedrive(db: D1Database, redriveId: string, now: number): Promise<boolean> {
  const { meta } = await db
    .prepare(
      `UPDATE redrives
          SET state = iif(state = 'running', 'completed', state), finalized_at = ?2,
              redriven = c.redriven, completed = c.completed, failed = c.failed, cancelled = c.cancelled
         FROM (SELECT coalesce(sum(redriven), 0) AS redriven, coalesce(sum(completed), 0) AS completed,
                      coalesce(sum(failed), 0) AS failed, coalesce(sum(cancelled), 0) AS cancelled,
                      coalesce(sum(pending + running), 0) AS left
                 FROM (${fatesOf("= ?1")})) c
        WHERE id = ?1 AND finalized_at IS NULL AND state <> 'canary' AND c.left = 0`,
    )
    .bind(redriveId, now)
    .run();
  return meta.changes > 0;
}
