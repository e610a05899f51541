import type { Settlement } from "../settlement.ts";
import { renewLeases } from "./leases.ts";
import { retryTransient } from "./transient.ts";

/** Ended attempts (?1) joined with the tasks whose lease they still hold: a late writer matches nothing. */
const HELD = `json_each(?1) s JOIN tasks t ON t.id = s.value ->> 'taskId' AND t.lease_id = s.value ->> 'leaseId'`;

/** Tasks that still run while others settle, and the lease to keep on them. */
export interface Renewal {
  readonly taskIds: readonly string[];
  readonly leaseId: string;
  readonly leaseMs: number;
}

/**
 * Settle attempts: history, results, dead letters, the tasks' next state and their jobs', in one transaction and a
 * number of statements that does not grow with the number of attempts. Renews a lease on the way, if asked.
 * @returns the ids of the tasks settled. An attempt whose lease was lost is not among them.
 */
export async function settleTasks(
  db: D1Database,
  settlements: readonly Settlement[],
  { now, ringGraceMs, renew }: { now: number; ringGraceMs: number; renew?: Renewal | undefined },
): Promise<ReadonlySet<string>> {
  const statements = [
    ...(renew ? [renewLeases(db, renew.taskIds, { id: renew.leaseId, now, leaseMs: renew.leaseMs })] : []),
    ...(settlements.length > 0 ? settleStatements(db, settlements, now, ringGraceMs) : []),
  ];
  const results = await retryTransient(() => db.batch<{ settled: string }>(statements));
  return new Set(results.flatMap((result) => result.results.map((row) => row.settled)));
}

function settleStatements(
  db: D1Database,
  settlements: readonly Settlement[],
  now: number,
  ringGraceMs: number,
): D1PreparedStatement[] {
  const rows = JSON.stringify(settlements.map((settlement) => rowOf(settlement, ringGraceMs)));
  const ids = JSON.stringify(settlements.map((settlement) => settlement.taskId));
  const has = (isSo: (verdict: Settlement["verdict"]) => boolean) => settlements.some(({ verdict }) => isSo(verdict));
  return [
    insertAttempts(db, rows),
    ...(has((verdict) => verdict.type === "completed" && verdict.artifacts.length > 0)
      ? [insertArtifacts(db, rows)]
      : []),
    ...(has((verdict) => verdict.type === "completed" && verdict.labels.length > 0) ? [insertLabels(db, rows)] : []),
    ...(has((verdict) => verdict.type === "discard") ? [insertDeadLetters(db, rows, now)] : []),
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
    ...(has((verdict) => !("scheduledAt" in verdict)) ? [finalizeJobs(db, ids, now)] : []),
  ];
}

function insertAttempts(db: D1Database, rows: string): D1PreparedStatement {
  return db
    .prepare(
      `INSERT INTO attempts
         (task_id, number, outcome, started_at, finished_at, model, engine, neurons, error_code, error_message)
       SELECT t.id, t.attempt, s.value ->> 'outcome', s.value ->> 'startedAt', s.value ->> 'finishedAt',
              s.value ->> 'model', s.value ->> 'engine', s.value ->> 'neurons',
              s.value ->> 'errorCode', s.value ->> 'errorMessage'
         FROM ${HELD}`,
    )
    .bind(rows);
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
          AND NOT EXISTS (SELECT 1 FROM tasks t WHERE t.job_id = jobs.id AND t.state IN ('available', 'running', 'retryable'))`,
    )
    .bind(taskIds, now);
}

function insertArtifacts(db: D1Database, rows: string): D1PreparedStatement {
  return db
    .prepare(
      `INSERT INTO artifacts (job_id, name, key, content_type, size_bytes, etag)
       SELECT t.job_id, a.value ->> 'name', a.value ->> 'key', a.value ->> 'contentType', a.value ->> 'sizeBytes', a.value ->> 'etag'
         FROM ${HELD}, json_each(s.value, '$.artifacts') a
        WHERE true
       ON CONFLICT (job_id, name) DO UPDATE
          SET key = excluded.key, content_type = excluded.content_type, size_bytes = excluded.size_bytes, etag = excluded.etag`,
    )
    .bind(rows);
}

function insertLabels(db: D1Database, rows: string): D1PreparedStatement {
  return db
    .prepare(
      `INSERT INTO job_labels (job_id, label, score)
       SELECT t.job_id, l.value ->> 'label', l.value ->> 'score'
         FROM ${HELD}, json_each(s.value, '$.labels') l
        WHERE true
       ON CONFLICT (job_id, label) DO UPDATE SET score = excluded.score`,
    )
    .bind(rows);
}

function insertDeadLetters(db: D1Database, rows: string, now: number): D1PreparedStatement {
  return db
    .prepare(
      `INSERT INTO dead_letters (id, owner_id, task_id, job_id, queue, code, reason, created_at)
       SELECT 'dl_' || t.id || '.' || t.attempt, j.owner_id, t.id, t.job_id, 'media-tasks',
              s.value ->> 'errorCode', s.value ->> 'errorMessage', ?2
         FROM ${HELD} JOIN jobs j ON j.id = t.job_id
        WHERE s.value ->> 'state' = 'discarded'`,
    )
    .bind(rows, now);
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
    artifacts: verdict.type === "completed" ? verdict.artifacts : [],
    labels: verdict.type === "completed" ? verdict.labels : [],
  };
}
