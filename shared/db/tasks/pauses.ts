import type { JobKind } from "../../kinds/index.ts";
import { taskKindsOf } from "../../jobs/task-kind.ts";
import { firstToCheck } from "./check-at.ts";
import { type Actor, insertAudit } from "../keys/audit.ts";
import { retryTransient } from "../transient.ts";

export interface Pause {
  readonly jobKind: JobKind;
  readonly note: string | null;
  readonly pausedAt: number;
}

/** After a resume the next maintenance run wakes this many tasks. Every other task has its own check within minutes. */
const RESUMED_AT_ONCE = 1000;

/** A `check_at` long before any grace: the next run of maintenance wakes the task. */
const AT_ONCE = 0;

/** Whether a kind is to be paused, by which caller, and when (epoch milliseconds). */
export interface PauseChange {
  readonly isPaused: boolean;
  readonly note: string | null;
  readonly actor: Actor;
  readonly now: number;
}

/**
 * Pause a kind of job, or resume it. Tasks of a paused kind are not leased; running ones continue to their end. A kind that is
 * paused again stays paused since the first time, and a new note replaces the old one.
 * @returns whether this call changed anything, and for a resume the tasks that may run now. The next run of maintenance wakes
 * consumers for all of them, too.
 */
export async function changePause(
  db: D1Database,
  kind: JobKind,
  { isPaused, note, actor, now }: PauseChange,
): Promise<{ readonly isChanged: boolean; readonly ready: readonly string[] }> {
  const act = { act: isPaused ? "kind.pause" : "kind.resume", subject: kind, detail: { note }, now } as const;
  const isPausedNow = `EXISTS (SELECT 1 FROM pauses WHERE job_kind = ?1)`;
  const results = await retryTransient(() =>
    db.batch<{ id: string }>([
      insertAudit(db, actor, act, isPaused ? `NOT ${isPausedNow}` : isPausedNow),
      ...(isPaused ? pauseStatements(db, kind, note, now) : resumeStatements(db, kind, now)),
    ]),
  );
  const ready = results.flatMap((result) => result.results.map((row) => row.id));
  return { isChanged: (results.at(-1)?.meta.changes ?? 0) > 0, ready };
}

/** The last statement changes rows only if the kind was not paused. */
function pauseStatements(db: D1Database, kind: JobKind, note: string | null, now: number): D1PreparedStatement[] {
  return [
    db.prepare(`UPDATE pauses SET note = ?2 WHERE job_kind = ?1 AND ?2 IS NOT NULL`).bind(kind, note),
    db
      .prepare(
        `INSERT INTO pauses (task_kind, job_kind, note, paused_at)
         SELECT k.value, ?2, ?3, ?4 FROM json_each(?1) k WHERE true
         ON CONFLICT (task_kind) DO NOTHING`,
      )
      .bind(JSON.stringify(taskKindsOf(kind)), kind, note, now),
  ];
}

/** The last statement changes rows only if the kind was paused. */
function resumeStatements(db: D1Database, kind: JobKind, now: number): D1PreparedStatement[] {
  return [
    db
      .prepare(
        `UPDATE tasks SET check_at = ${AT_ONCE}
          WHERE id IN (${firstToCheck(
            `t.scheduled_at <= ?2 AND t.kind IN (SELECT task_kind FROM pauses WHERE job_kind = ?1)`,
            "?3",
          )})
         RETURNING id`,
      )
      .bind(kind, now, RESUMED_AT_ONCE),
    db.prepare(`DELETE FROM pauses WHERE job_kind = ?1`).bind(kind),
  ];
}
