import type { Task, TaskKind } from "../task.ts";

/**
 * A message with a delay may come a moment early. Without this it would be acknowledged as not yet due, and the task
 * would wait for maintenance to ring again.
 */
const EARLY_MS = 1500;

interface LeasedRow {
  readonly id: string;
  readonly job_id: string;
  readonly kind: TaskKind;
  readonly args: string;
  readonly attempt: number;
  readonly max_attempts: number;
  readonly leased_at: number;
  readonly created_at: number;
}

/**
 * Take the right to run these tasks, in one round trip: those that are due and that nobody else runs. Each task taken
 * starts its next attempt, and its job is running.
 */
export async function leaseTasks(
  db: D1Database,
  taskIds: readonly string[],
  lease: { id: string; now: number; leaseMs: number },
): Promise<readonly Task[]> {
  const ids = JSON.stringify(taskIds);
  const [, started, leased] = await db.batch<LeasedRow>([
    db
      .prepare(
        `UPDATE tasks
            SET state = 'running', attempt = attempt + 1, lease_id = ?2, leased_at = ?3, check_at = ?4
          WHERE id IN (SELECT value FROM json_each(?1))
            AND state IN ('available', 'retryable') AND scheduled_at <= ?5 AND attempt < max_attempts
            AND kind NOT IN (SELECT task_kind FROM pauses)`,
      )
      .bind(ids, lease.id, lease.now, lease.now + lease.leaseMs, lease.now + EARLY_MS),
    db
      .prepare(
        `UPDATE jobs SET state = 'running', started_at = coalesce(started_at, ?3)
          WHERE state = 'queued'
            AND id IN (SELECT job_id FROM tasks WHERE id IN (SELECT value FROM json_each(?1)) AND lease_id = ?2)
         RETURNING id`,
      )
      .bind(ids, lease.id, lease.now),
    // Read by the lease instead of returned by the update: a call repeated because its answer was lost still sees them.
    db
      .prepare(
        `SELECT id, job_id, kind, args, attempt, max_attempts, leased_at, created_at
           FROM tasks WHERE id IN (SELECT value FROM json_each(?1)) AND lease_id = ?2`,
      )
      .bind(ids, lease.id),
  ]);
  const startedJobs = new Set(started?.results.map((row) => row.id));
  return (leased?.results ?? []).map((row) => ({
    id: row.id,
    jobId: row.job_id,
    kind: row.kind,
    args: row.args,
    attempt: row.attempt,
    maxAttempts: row.max_attempts,
    leaseId: lease.id,
    leasedAt: row.leased_at,
    createdAt: row.created_at,
    startsJob: startedJobs.delete(row.job_id),
  }));
}

/** Keep the lease on tasks that still run. One that was rescued or cancelled meanwhile is not brought back. */
export function renewLeases(
  db: D1Database,
  taskIds: readonly string[],
  lease: { id: string; now: number; leaseMs: number },
): D1PreparedStatement {
  return db
    .prepare(
      `UPDATE tasks SET check_at = ?3
        WHERE id IN (SELECT value FROM json_each(?1)) AND lease_id = ?2`,
    )
    .bind(JSON.stringify(taskIds), lease.id, lease.now + lease.leaseMs);
}
