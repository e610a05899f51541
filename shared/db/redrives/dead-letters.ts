// Writes dead letters of messages that cannot be read, and closes letters by hand. Those of tasks are written by
// settle-inserts.
import { fingerprintFailure } from "../../jobs/fingerprint-failure.ts";
import { type Actor, insertAudit } from "../keys/audit.ts";

/** A message that no consumer could parse. */
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
    ...fingerprintFailure({ code: message.code, message: message.reason }),
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

const OPEN = `EXISTS (SELECT 1 FROM dead_letters
                       WHERE id = ?1 AND owner_id = ?2 AND redriven_at IS NULL AND discarded_at IS NULL)`;

/**
 * Close a letter without another attempt: its job stays failed.
 * @returns whether this call closed it; false if it was redriven or closed before.
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
