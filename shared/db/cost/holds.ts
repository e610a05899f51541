// What keeps tasks from running until a later time: the platform's refusal of the whole account, and used-up budgets.
import { checkAt, firstToCheck } from "../tasks/check-at.ts";
import { EVERYBODY } from "../../cost/budget.ts";
import { type Actor, insertAudit } from "../keys/audit.ts";
import { type Changes, sumOf } from "../../jobs/changes.ts";
import type { AccountHold } from "../../models/allocation.ts";
import { type Returning, returning, type Statement, transact } from "../transact.ts";

/** SQL: whether the account is held at `now`, which is SQL of our own. */
export const isAccountHeld = (now: string) => `EXISTS (SELECT 1 FROM holds WHERE until > ${now})`;

/** Hold the account, in the batch that settles. Returns until when it is held, if it was not held before. */
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

/** SQL: the hold in force at ?1. */
export const ACCOUNT_HOLD = `SELECT code, since, until FROM holds WHERE until > ?1`;

const HOLDING_CODES = ["budget_used", "daily_allocation_used"] as const;

/** Tasks that failed with this code wait for a reset. `EVERYBODY` stands for all owners. */
export interface Held {
  readonly code: (typeof HOLDING_CODES)[number];
  readonly ownerId: string;
}

/** Return the code if a task that failed with it waits for a reset (`tasks.held_by`); otherwise null. */
export function holdingCode(code: string): Held["code"] | null {
  return HOLDING_CODES.find((one) => one === code) ?? null;
}

/** An attempt may still be refused by the limits that were in force when it began to settle. */
const RELEASING_MS = 2 * 60_000;

/**
 * For the batch that changes what holds tasks: make the waiting tasks due. At most `limit` become due now (returned as
 * `ready`). Maintenance releases the rest, and tasks that are refused in the meantime.
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

// The index has only the held tasks, so no other task is read, however many wait.
function makeDue(
  db: D1Database,
  { code, ownerId }: Held,
  { now, limit }: { now: number; limit: number },
): Returning<Pick<Changes, "ready">> {
  const isOwned = ownerId === EVERYBODY ? `?2 = '${EVERYBODY}'` : "t.owner_id = ?2";
  const ready = db
    .prepare(
      `UPDATE tasks SET scheduled_at = ?3, check_at = ${checkAt("?3")}, held_by = NULL
        WHERE id IN (SELECT t.id FROM tasks t INDEXED BY tasks_held
                      WHERE t.held_by IS NOT NULL AND t.held_by = ?1 AND ${isOwned} AND t.check_at > ?3
                        AND t.state = 'retryable' AND t.scheduled_at > ?3
                      ORDER BY t.owner_id, t.check_at LIMIT ?4 + 0)
       RETURNING id`,
    )
    .bind(code, ownerId, now, limit);
  return readyTasks(ready);
}

/** A statement that returns the `id` of tasks that may run now. */
function readyTasks(prepared: D1PreparedStatement): Returning<Pick<Changes, "ready">> {
  return returning(prepared, (rows: readonly { id: string }[]) => ({ ready: rows.map(({ id }) => id) }));
}

/** Continue releases, one after the other. */
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

/**
 * Let the account's tasks run again: the operator knows better than the platform's last answer. @returns the tasks that may
 * run.
 */
export async function liftHold(
  db: D1Database,
  actor: Actor,
  { now, limit }: { now: number; limit: number },
): Promise<{ readonly isLifted: boolean; readonly ready: readonly string[] }> {
  const isHeld = `EXISTS (SELECT 1 FROM holds WHERE name = ?1)`;
  // Tasks that were passed over have been due all the time. Maintenance wakes the rest when their own check comes.
  const passedOver = db.prepare(firstToCheck("t.scheduled_at <= ?1 AND t.model IS NOT NULL", "?2")).bind(now, limit);
  const answers = await transact<Partial<Changes> & { readonly isLifted?: boolean }>(db, [
    insertAudit(db, actor, { act: "hold.lift", subject: "account", now }, isHeld),
    returning(db.prepare(`DELETE FROM holds`), (_, changed) => ({ isLifted: changed > 0 })),
    readyTasks(passedOver),
    ...releaseHeld(db, { code: "daily_allocation_used", ownerId: EVERYBODY }, { now, limit }),
  ]);
  return { isLifted: answers.some(({ isLifted }) => isLifted === true), ready: sumOf(answers).ready };
}
