// Dead letters as they are written: a message that cannot be read, a task that cannot be delivered, one closed by hand.
import { fingerprintOf } from "../fingerprint.ts";
import { type Actor, insertAudit } from "./audit.ts";
import { insertDeliveries } from "./deliveries.ts";
import { finalizeJobs, openStages } from "./job-ends.ts";
import { readSettled, type Settled, type SettlingRow } from "./settle.ts";

/** A message no consumer could make sense of. */
export interface UnreadableMessage {
  readonly id: string;
  readonly queue: string;
  readonly body: string;
  readonly code: string;
  readonly reason: string;
}

/** Keep unreadable messages whole. The same message twice is one row. */
export async function quarantine(
  db: D1Database,
  messages: readonly UnreadableMessage[],
  { ownerId, now }: { ownerId: string; now: number },
): Promise<void> {
  const rows = messages.map((message) => ({
    ...message,
    ...fingerprintOf({ code: message.code, message: message.reason }),
  }));
  await db
    .prepare(
      `INSERT INTO dead_letters
         (id, owner_id, queue, body, code, reason, created_at, kind, fingerprint, message_pattern)
       SELECT 'dl_' || (m.value ->> 'id'), ?2, m.value ->> 'queue', m.value ->> 'body', m.value ->> 'code', m.value ->> 'reason', ?3,
              'message', 'message:' || (m.value ->> 'fingerprint'), m.value ->> 'messagePattern'
         FROM json_each(?1) m
        WHERE true
       ON CONFLICT (id) DO NOTHING`,
    )
    .bind(JSON.stringify(rows), ownerId, now)
    .run();
}

/** Give up on tasks that the platform has stopped delivering. One that runs or has ended is left alone. */
export async function discardUndelivered(
  db: D1Database,
  taskIds: readonly string[],
  { code, reason, now }: { code: string; reason: string; now: number },
): Promise<Settled> {
  const ids = JSON.stringify(taskIds);
  const { fingerprint, messagePattern } = fingerprintOf({ code, message: reason });
  const results = await db.batch<SettlingRow>([
    // The time is in the id: given up on again after a redrive, without an attempt between, it is another letter.
    db
      .prepare(
        `INSERT INTO dead_letters
           (id, owner_id, task_id, job_id, queue, code, reason, created_at, kind, fingerprint, message_pattern)
         SELECT 'dl_' || t.id || '.' || t.attempt || '.undelivered.' || CAST(?4 AS INTEGER), j.owner_id, t.id, t.job_id, 'tasks',
                ?2, ?3, ?4, t.kind, t.kind || ':' || ?5, ?6
           FROM tasks t JOIN jobs j ON j.id = t.job_id
          WHERE t.id IN (SELECT value FROM json_each(?1)) AND t.state IN ('available', 'retryable')`,
      )
      .bind(ids, code, reason, now, fingerprint, messagePattern),
    db
      .prepare(
        `UPDATE tasks SET state = 'discarded', finalized_at = ?2
          WHERE id IN (SELECT value FROM json_each(?1)) AND state IN ('available', 'retryable')
         RETURNING id AS settled, job_id AS jobId, kind, attempt`,
      )
      .bind(ids, now),
    openStages(db, ids, now, 0),
    finalizeJobs(db, ids, now),
    ...insertDeliveries(db, now, 0),
  ]);
  return readSettled(results);
}

const OPEN = `EXISTS (SELECT 1 FROM dead_letters
                       WHERE id = ?1 AND owner_id = ?2 AND redriven_at IS NULL AND discarded_at IS NULL)`;

/**
 * Close a letter without another try: its job stays failed.
 * @returns whether this call did it; not for one that was redriven or closed before.
 */
export async function discardLetter(
  db: D1Database,
  { id, note }: { id: string; note: string },
  actor: Actor,
  now: number,
): Promise<boolean> {
  const [, closed] = await db.batch<{ id: string }>([
    insertAudit(db, actor, { act: "dead_letter.discard", subject: id, detail: { note }, now }, OPEN),
    db
      .prepare(
        `UPDATE dead_letters SET discarded_at = ?3, note = ?4
          WHERE id = ?1 AND owner_id = ?2 AND redriven_at IS NULL AND discarded_at IS NULL
         RETURNING id`,
      )
      .bind(id, actor.ownerId, now, note),
  ]);
  return (closed?.results.length ?? 0) > 0;
}
