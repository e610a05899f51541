// How a redrive of many ends early: stopped by its canary, or cancelled by hand.
import { type Actor, insertAudit } from "../keys/audit.ts";
import { insertDeliveries } from "../webhooks/deliveries.ts";
import type { RedriveRow } from "./redrives.ts";
import { finalizeJobs, openStages } from "../jobs/ends.ts";
import { type Changes, NOTHING, sumOf } from "../../jobs/changes.ts";
import { transact } from "../transact.ts";

/** End a redrive early, and release the letters that it has not redriven. @returns whether this call did it. */
async function release(
  db: D1Database,
  redriveId: string,
  audit: D1PreparedStatement,
  update: D1PreparedStatement,
): Promise<boolean> {
  const [, ended] = await db.batch<{ id: string }>([
    audit,
    update,
    db
      .prepare(
        `UPDATE redrives
            SET released = (SELECT count(*) FROM dead_letters
                             WHERE redrive_id = ?1 AND redriven_at IS NULL AND discarded_at IS NULL)
          WHERE id = ?1 AND state IN ('cancelled', 'stopped') AND released = 0`,
      )
      .bind(redriveId),
    db
      .prepare(
        `UPDATE dead_letters SET redrive_id = NULL
          WHERE redrive_id = ?1 AND redriven_at IS NULL
            AND (SELECT state FROM redrives WHERE id = ?1) IN ('cancelled', 'stopped')`,
      )
      .bind(redriveId),
  ]);
  return (ended?.results.length ?? 0) > 0;
}

/** Stop a redrive because its canary failed. The other letters stay open. */
export async function stopRedrive(db: D1Database, redrive: RedriveRow, reason: string, now: number): Promise<boolean> {
  const actor: Actor = { ownerId: redrive.ownerId, actor: "system" };
  return release(
    db,
    redrive.id,
    insertAudit(
      db,
      actor,
      { act: "redrive.stop", subject: redrive.id, detail: { reason, canary: redrive.canaryId }, now },
      `EXISTS (SELECT 1 FROM redrives WHERE id = ?1 AND owner_id = ?2 AND state = 'canary')`,
    ),
    db
      .prepare(`UPDATE redrives SET state = 'stopped', reason = ?2 WHERE id = ?1 AND state = 'canary' RETURNING id`)
      .bind(redrive.id, reason),
  );
}

/**
 * Cancel what is not due yet: letters that wait, and tasks whose time has not come, which are discarded again.
 * @returns whether this call did it, and what it changed: stages may open, and jobs may end.
 */
export async function cancelRedrive(
  db: D1Database,
  id: string,
  actor: Actor,
  now: number,
): Promise<{ readonly isCancelled: boolean; readonly changes: Changes }> {
  const isCancelled = await release(
    db,
    id,
    insertAudit(
      db,
      actor,
      { act: "redrive.cancel", subject: id, now },
      `EXISTS (SELECT 1 FROM redrives WHERE id = ?1 AND owner_id = ?2 AND state IN ('canary', 'running'))`,
    ),
    db
      .prepare(
        `UPDATE redrives SET state = 'cancelled'
          WHERE id = ?1 AND owner_id = ?2 AND state IN ('canary', 'running') RETURNING id`,
      )
      .bind(id, actor.ownerId),
  );
  return { isCancelled, changes: isCancelled ? await takeBack(db, id, now) : NOTHING };
}

/** Discard tasks that are not due yet. No step of this redrive has an effect any more, so what is read first cannot grow. */
async function takeBack(db: D1Database, redriveId: string, now: number): Promise<Changes> {
  const { results } = await db
    .prepare(
      `SELECT d.id, d.task_id AS taskId FROM dead_letters d JOIN tasks t ON t.id = d.task_id
        WHERE d.redrive_id = ?1 AND d.redriven_at IS NOT NULL AND t.state = 'available' AND t.scheduled_at > ?2
          AND NOT EXISTS (SELECT 1 FROM dead_letters l WHERE l.task_id = d.task_id AND l.created_at > d.created_at)`,
    )
    .bind(redriveId, now)
    .all<{ id: string; taskId: string }>();
  if (results.length === 0) return NOTHING;
  const letters = JSON.stringify(results.map(({ id }) => id));
  const tasks = JSON.stringify(results.map(({ taskId }) => taskId));
  const changes = await transact<Partial<Changes>>(db, [
    // A task that a consumer leased early, or that was cancelled, is left as it is.
    db
      .prepare(
        `UPDATE tasks SET state = 'discarded', finalized_at = ?2
          WHERE id IN (SELECT value FROM json_each(?1)) AND state = 'available' AND scheduled_at > ?2`,
      )
      .bind(tasks, now),
    db
      .prepare(
        `UPDATE redrives
            SET released = released + (SELECT count(*) FROM dead_letters d JOIN tasks t ON t.id = d.task_id
                                        WHERE d.id IN (SELECT value FROM json_each(?2)) AND d.redrive_id = ?1
                                          AND d.redriven_at IS NOT NULL AND t.state = 'discarded' AND t.finalized_at = ?3)
          WHERE id = ?1`,
      )
      .bind(redriveId, letters, now),
    db
      .prepare(
        `UPDATE dead_letters SET redriven_at = NULL, redrive_id = NULL
          WHERE id IN (SELECT value FROM json_each(?1)) AND redrive_id = ?2
            AND EXISTS (SELECT 1 FROM tasks t WHERE t.id = task_id AND t.state = 'discarded' AND t.finalized_at = ?3)`,
      )
      .bind(letters, redriveId, now),
    openStages(db, tasks, now),
    finalizeJobs(db, tasks, now),
    ...insertDeliveries(db, now),
  ]);
  return sumOf(changes);
}
