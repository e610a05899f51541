import type { JobKind } from "../../jobs/job.ts";
import { JOB_KIND_OF } from "../../jobs/task.ts";
import { type Actor, insertAudit } from "../keys/audit.ts";
import { retryTransient } from "../transient.ts";

export interface Pause {
  readonly jobKind: JobKind;
  readonly note: string | null;
  readonly pausedAt: number;
}

/** A resume makes this many tasks due for the next maintenance run; a later one's own check is minutes away at most. */
const RESUMED_AT_ONCE = 1000;

function taskKindsOf(kind: JobKind): readonly string[] {
  return Object.entries(JOB_KIND_OF).flatMap(([taskKind, jobKind]) => (jobKind === kind ? [taskKind] : []));
}

/**
 * Let nobody lease tasks of this kind of job any more; those that run go on to their end. Paused before, it stays so
 * since then, and a note replaces the old one.
 * @returns whether this call paused it.
 */
export async function pauseKind(
  db: D1Database,
  kind: JobKind,
  { note, actor, now }: { note: string | null; actor: Actor; now: number },
): Promise<boolean> {
  const act = { act: "kind.pause", subject: kind, detail: { note }, now } as const;
  const [, inserted] = await retryTransient(() =>
    db.batch([
      insertAudit(db, actor, act, `NOT EXISTS (SELECT 1 FROM pauses WHERE job_kind = ?1)`),
      db
        .prepare(
          `INSERT INTO pauses (task_kind, job_kind, note, paused_at)
           SELECT k.value, ?2, ?3, ?4 FROM json_each(?1) k WHERE true
           ON CONFLICT (task_kind) DO NOTHING`,
        )
        .bind(JSON.stringify(taskKindsOf(kind)), kind, note, now),
      db.prepare(`UPDATE pauses SET note = ?2 WHERE job_kind = ?1 AND ?2 IS NOT NULL`).bind(kind, note),
    ]),
  );
  return (inserted?.meta.changes ?? 0) > 0;
}

/**
 * Let tasks of this kind of job be leased again.
 * @returns whether this call resumed it, and tasks that are due, to ring for: what is not rung is due for maintenance.
 */
export async function resumeKind(
  db: D1Database,
  kind: JobKind,
  { note, actor, now }: { note: string | null; actor: Actor; now: number },
): Promise<{ readonly isResumed: boolean; readonly due: readonly string[] }> {
  const act = { act: "kind.resume", subject: kind, detail: { note }, now } as const;
  const [, due, removed] = await retryTransient(() =>
    db.batch<{ id: string }>([
      insertAudit(db, actor, act, `EXISTS (SELECT 1 FROM pauses WHERE job_kind = ?1)`),
      db
        .prepare(
          `UPDATE tasks SET check_at = ?2
            WHERE id IN (SELECT id FROM tasks
                          WHERE finalized_at IS NULL AND state IN ('available', 'retryable') AND scheduled_at <= ?2
                            AND kind IN (SELECT task_kind FROM pauses WHERE job_kind = ?1)
                          ORDER BY check_at LIMIT ?3)
           RETURNING id`,
        )
        .bind(kind, now, RESUMED_AT_ONCE),
      db.prepare(`DELETE FROM pauses WHERE job_kind = ?1`).bind(kind),
    ]),
  );
  return { isResumed: (removed?.meta.changes ?? 0) > 0, due: due?.results.map((row) => row.id) ?? [] };
}
