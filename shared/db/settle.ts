import { fingerprintOf } from "../fingerprint.ts";
import type { Settlement } from "../settlement.ts";
import { renewLeases } from "./leases.ts";
import {
  insertArtifacts,
  insertAttempts,
  insertDeadLetters,
  insertHeard,
  insertLabels,
  insertNext,
} from "./settle-inserts.ts";
import { retryTransient } from "./transient.ts";

/** Tasks that still run while others settle, and the lease to keep on them. */
export interface Renewal {
  readonly taskIds: readonly string[];
  readonly leaseId: string;
  readonly leaseMs: number;
}

export interface Settled {
  /** The ids of the tasks settled. An attempt whose lease was lost is not among them. */
  readonly settled: ReadonlySet<string>;
  /** The ids of tasks that may run now, because they are new or their stage has opened: to wake the queue for. */
  readonly opened: readonly string[];
}

/**
 * Settle attempts: history, results, dead letters, the tasks' next state and their jobs', in one transaction and a
 * number of statements that does not grow with the number of attempts. Renews a lease on the way, if asked.
 */
export async function settleTasks(
  db: D1Database,
  settlements: readonly Settlement[],
  { now, ringGraceMs, renew }: { now: number; ringGraceMs: number; renew?: Renewal | undefined },
): Promise<Settled> {
  const statements = [
    ...(renew ? [renewLeases(db, renew.taskIds, { id: renew.leaseId, now, leaseMs: renew.leaseMs })] : []),
    ...(settlements.length > 0 ? settleStatements(db, settlements, now, ringGraceMs) : []),
  ];
  const results = await retryTransient(() => db.batch<{ settled?: string; opened?: string | null }>(statements));
  const rows = results.flatMap((result) => result.results);
  return {
    settled: new Set(rows.flatMap((row) => row.settled ?? [])),
    opened: rows.flatMap((row) => row.opened ?? []),
  };
}

function settleStatements(
  db: D1Database,
  settlements: readonly Settlement[],
  now: number,
  ringGraceMs: number,
): D1PreparedStatement[] {
  const rows = JSON.stringify(settlements.map((settlement) => rowOf(settlement, ringGraceMs)));
  const ids = JSON.stringify(settlements.map((settlement) => settlement.taskId));
  const done = settlements.flatMap(({ verdict }) => (verdict.type === "completed" ? [verdict] : []));
  const isAnyDiscarded = settlements.some(({ verdict }) => verdict.type === "discard");
  const isAnyEnded = done.length > 0 || isAnyDiscarded;
  return [
    insertAttempts(db, rows),
    ...(done.some(({ artifacts = [] }) => artifacts.length > 0) ? [insertArtifacts(db, rows)] : []),
    ...(done.some(({ labels = [] }) => labels.length > 0) ? [insertLabels(db, rows)] : []),
    ...(done.some(({ heard }) => heard !== undefined) ? [insertHeard(db, rows)] : []),
    ...settlements.flatMap(nextPages).map((page) => insertNext(db, JSON.stringify([page]), now, ringGraceMs)),
    ...(isAnyDiscarded ? [insertDeadLetters(db, rows, now)] : []),
    db
      .prepare(
        `UPDATE tasks
            SET state = s.value ->> 'state', finalized_at = s.value ->> 'finalizedAt',
                scheduled_at = coalesce(s.value ->> 'scheduledAt', scheduled_at),
                check_at = coalesce(s.value ->> 'checkAt', check_at),
                max_attempts = max_attempts + (s.value ->> 'snoozed'),
                lease_id = NULL, leased_at = NULL
           FROM json_each(?1) s
          WHERE tasks.id = s.value ->> 'taskId' AND tasks.lease_id = s.value ->> 'leaseId'
         RETURNING tasks.id AS settled`,
      )
      .bind(rows),
    ...(isAnyEnded ? [openStages(db, ids, now, ringGraceMs), finalizeJobs(db, ids, now)] : []),
  ];
}
/** End the jobs of these tasks (?1: JSON array of task ids) that have no task left to run. */
export function finalizeJobs(db: D1Database, taskIds: string, now: number): D1PreparedStatement {
  return db
    .prepare(
      `UPDATE jobs
          SET (state, error_code, error_message) = (
                SELECT iif(count(d.id) > 0, 'failed', 'completed'), min(d.code), min(d.reason)
                  FROM (SELECT id, code, reason FROM dead_letters
                         WHERE job_id = jobs.id AND redriven_at IS NULL ORDER BY created_at LIMIT 1) d),
              finalized_at = ?2
        WHERE id IN (SELECT job_id FROM tasks WHERE id IN (SELECT value FROM json_each(?1)))
          AND state IN ('queued', 'running')
          AND NOT EXISTS (SELECT 1 FROM tasks t WHERE t.job_id = jobs.id AND t.finalized_at IS NULL)`,
    )
    .bind(taskIds, now);
}

/** Open stages of these tasks' jobs whose earlier ones have ended, given up on or not: a join marks what is missing. */
export function openStages(db: D1Database, taskIds: string, now: number, ringGraceMs: number): D1PreparedStatement {
  return db
    .prepare(
      `UPDATE tasks SET state = 'available', scheduled_at = ?2, check_at = ?3
        WHERE state = 'pending'
          AND job_id IN (SELECT job_id FROM tasks WHERE id IN (SELECT value FROM json_each(?1)))
          AND NOT EXISTS (SELECT 1 FROM tasks e
                           WHERE e.job_id = tasks.job_id AND e.stage < tasks.stage AND e.finalized_at IS NULL)
       RETURNING id AS opened`,
    )
    .bind(taskIds, now, now + ringGraceMs);
}
const STATE_AFTER = {
  completed: "completed",
  retry: "retryable",
  snooze: "retryable",
  discard: "discarded",
} as const satisfies Record<Settlement["verdict"]["type"], string>;

function rowOf(settlement: Settlement, ringGraceMs: number): Record<string, unknown> {
  const { verdict, calls } = settlement;
  const last = calls.at(-1);
  const counted = calls.filter((call) => call.neurons !== null);
  const again = verdict.type === "retry" || verdict.type === "snooze";
  return {
    taskId: settlement.taskId,
    leaseId: settlement.leaseId,
    outcome: settlement.lost ? "lost" : verdict.type,
    state: STATE_AFTER[verdict.type],
    startedAt: settlement.startedAt,
    finishedAt: settlement.finishedAt,
    finalizedAt: again ? null : settlement.finishedAt,
    scheduledAt: again ? verdict.scheduledAt : null,
    checkAt: again ? verdict.scheduledAt + ringGraceMs : null,
    // A snooze is not counted: the attempt that it used is given back.
    snoozed: verdict.type === "snooze" ? 1 : 0,
    model: last?.model ?? null,
    engine: last?.engine ?? null,
    neurons: counted.length === 0 ? null : counted.reduce((sum, call) => sum + (call.neurons ?? 0), 0),
    errorCode: verdict.type === "completed" ? null : verdict.failure.code,
    errorMessage: verdict.type === "completed" ? null : verdict.failure.message,
    ...(verdict.type === "discard" && fingerprintOf(verdict.failure)),
    ...(verdict.type === "completed" && {
      artifacts: verdict.artifacts ?? [],
      labels: verdict.labels ?? [],
      heard: verdict.heard ?? null,
    }),
  };
}

/** D1 binds at most 2 MB. A chunk carries its piece of the file's index: up to 40 kB for a video. */
const NEXT_BYTES_A_STATEMENT = 500_000;

function nextPages({ taskId, leaseId, verdict }: Settlement): readonly Record<string, unknown>[] {
  const next = verdict.type === "completed" ? (verdict.next ?? []) : [];
  const openStage = Math.min(...next.map((task) => task.stage));
  const pages: Record<string, unknown>[][] = [];
  let roomBytes = 0;
  for (const task of next) {
    const args = JSON.stringify(task.args);
    if (args.length > roomBytes) {
      pages.push([]);
      roomBytes = NEXT_BYTES_A_STATEMENT;
    }
    roomBytes -= args.length;
    pages.at(-1)?.push({ ...task, args, state: task.stage === openStage ? "available" : "pending" });
  }
  return pages.map((page) => ({ taskId, leaseId, next: page }));
}
