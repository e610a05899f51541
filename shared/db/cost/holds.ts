// What keeps tasks from running until a time: the platform's refusal of the whole account, and used-up budgets.
import { checkAt } from "../tasks/check-at.ts";
import { EVERYBODY } from "../../cost/budget.ts";
import { type Actor, insertAudit } from "../keys/audit.ts";
import { type Changes, sumOf } from "../../jobs/changes.ts";
import type { AccountHold } from "../../models/allocation.ts";
import { type Returning, returning, type Statement, transact } from "../transact.ts";

/** Whether the account is held at `now` (SQL of our own). */
export const isAccountHeld = (now: string) => `EXISTS (SELECT 1 FROM holds WHERE until > ${now})`;

/** For the batch that settles. Returns until when the account is held, where it was not before. */
export function holdAccount(
  db: D1Database,
  { code, since, until }: AccountHold,
): Returning<Pick<Changes, "heldUntil">> {
  const held = db
    .prepare(
      `INSERT INTO holds (name, code, since, until) VALUES ('account', ?1, ?2, ?3)
       ON CONFLICT (name) DO UPDATE
          SET code = excluded.code, since = iif(until > excluded.since, since, excluded.since),
              until = max(until, excluded.until)
       RETURNING iif(since = ?2, until, NULL) AS heldUntil`,
    )
    .bind(code, since, until);
  return returning(held, ([row]: readonly Pick<Changes, "heldUntil">[]) => ({ heldUntil: row?.heldUntil ?? null }));
}

/** The hold in force at ?1. */
export const ACCOUNT_HOLD = `SELECT code, since, until FROM holds WHERE until > ?1`;

/** What failed with this code waits for a reset; `EVERYBODY`'s for no owner in particular. */
export interface Held {
  readonly code: "budget_used" | "daily_allocation_used";
  readonly ownerId: string;
}

/** An attempt may still be refused by what was in force when it began to settle. */
const RELEASING_MS = 2 * 60_000;

/**
 * For the batch that changes what holds tasks: make due what waits for it, at most `limit` now (returned as `ready`),
 * and the rest, with what is still refused meanwhile, by maintenance.
 */
export function releaseHeld(
  db: D1Database,
  { code, ownerId }: Held,
  { now, limit }: { now: number; limit: number },
): Statement<Pick<Changes, "ready">>[] {
  return [
    db
      .prepare(
        `INSERT INTO releases (code, owner_id, until) VALUES (?1, ?2, ?3)
         ON CONFLICT (code, owner_id) DO UPDATE SET until = excluded.until`,
      )
      .bind(code, ownerId, now + RELEASING_MS),
    makeDue(db, { code, ownerId }, { now, limit }),
  ];
}

// What waits is not due yet, and nor is its wake-up: the index on check_at leaves out all that is.
function makeDue(
  db: D1Database,
  { code, ownerId }: Held,
  { now, limit }: { now: number; limit: number },
): Returning<Pick<Changes, "ready">> {
  const ready = db
    .prepare(
      `UPDATE tasks SET scheduled_at = ?3, check_at = ${checkAt("?3")}
        WHERE id IN (SELECT t.id FROM tasks t INDEXED BY tasks_to_check
                      WHERE t.finalized_at IS NULL AND t.check_at > ?3 AND t.state = 'retryable' AND t.scheduled_at > ?3
                        AND (?2 = '${EVERYBODY}' OR t.owner_id = ?2)
                        AND EXISTS (SELECT 1 FROM attempts a WHERE a.task_id = t.id AND a.number = t.attempt
                                       AND a.outcome = 'snooze' AND a.error_code = ?1)
                      ORDER BY t.check_at LIMIT ?4)
       RETURNING id`,
    )
    .bind(code, ownerId, now, limit);
  return readyTasks(ready);
}

/** A statement that returns the `id` of tasks that may run now. */
function readyTasks(prepared: D1PreparedStatement): Returning<Pick<Changes, "ready">> {
  return returning(prepared, (rows: readonly { id: string }[]) => ({ ready: rows.map(({ id }) => id) }));
}

/** Go on with releases, one at a time. */
export async function continueReleases(
  db: D1Database,
  { now, limit }: { now: number; limit: number },
): Promise<Pick<Changes, "ready">> {
  const { results } = await db
    .prepare(`SELECT code, owner_id AS ownerId, until FROM releases ORDER BY until`)
    .all<Held & { readonly until: number }>();
  const ready: string[] = [];
  for (const { until, ...held } of results) {
    const due = await transact(db, [makeDue(db, held, { now, limit: limit - ready.length })]);
    ready.push(...due.flatMap((one) => one.ready));
    if (ready.length >= limit) break;
    if (until > now) continue;
    await db
      .prepare(`DELETE FROM releases WHERE code = ?1 AND owner_id = ?2 AND until = ?3`)
      .bind(held.code, held.ownerId, until)
      .run();
  }
  return { ready };
}

/** Let the account's tasks run again: the operator knows better than the platform's last word. @returns those that may. */
export async function liftHold(
  db: D1Database,
  actor: Actor,
  { now, limit }: { now: number; limit: number },
): Promise<{ readonly isLifted: boolean; readonly ready: readonly string[] }> {
  const isHeld = `EXISTS (SELECT 1 FROM holds WHERE name = ?1)`;
  // What was passed over has been due all the time: maintenance wakes the rest when its own check comes.
  const passedOver = db
    .prepare(
      `SELECT id FROM tasks INDEXED BY tasks_to_check
        WHERE finalized_at IS NULL AND state IN ('available', 'retryable') AND scheduled_at <= ?1 AND model IS NOT NULL
        ORDER BY check_at LIMIT ?2`,
    )
    .bind(now, limit);
  const answers = await transact<Partial<Changes> & { readonly isLifted?: boolean }>(db, [
    insertAudit(db, actor, { act: "hold.lift", subject: "account", now }, isHeld),
    returning(db.prepare(`DELETE FROM holds`), (_, changed) => ({ isLifted: changed > 0 })),
    readyTasks(passedOver),
    ...releaseHeld(db, { code: "daily_allocation_used", ownerId: EVERYBODY }, { now, limit }),
  ]);
  return { isLifted: answers.some(({ isLifted }) => isLifted === true), ready: sumOf(answers).ready };
}
