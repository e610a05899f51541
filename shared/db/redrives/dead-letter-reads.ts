import { ATTEMPT_COLUMNS } from "../jobs/reads.ts";
import { wasStopped } from "../jobs/stop-jobs.ts";
import type { LetterState } from "../../redrives/letter-states.ts";
import type { AttemptRow } from "../../jobs/job-detail.ts";

export interface DeadLetter {
  readonly id: string;
  readonly fingerprint: string;
  /** The task's kind; `message` for an unreadable message. */
  readonly kind: string;
  /** The queue that delivered the message; `tasks` for a task. */
  readonly queue: string;
  readonly taskId: string | null;
  readonly jobId: string | null;
  /** The raw message, if there is no task. */
  readonly body: string | null;
  readonly code: string;
  readonly reason: string;
  readonly state: LetterState;
  readonly note: string | null;
  /** The redrive of many that it waits for, or that redrove it. */
  readonly redriveId: string | null;
  readonly createdAt: number;
  readonly redrivenAt: number | null;
  readonly discardedAt: number | null;
}

const COLUMNS = `id, fingerprint, kind, queue, task_id AS taskId, job_id AS jobId, body, code, reason,
                 CASE WHEN redriven_at IS NOT NULL THEN 'redriven' WHEN discarded_at IS NOT NULL THEN 'discarded'
                      ELSE 'open' END AS state,
                 note, redrive_id AS redriveId, created_at AS createdAt, redriven_at AS redrivenAt,
                 discarded_at AS discardedAt`;

const IS_IN: Readonly<Record<LetterState | "all", string>> = {
  open: "redriven_at IS NULL AND discarded_at IS NULL",
  redriven: "redriven_at IS NOT NULL",
  discarded: "discarded_at IS NOT NULL AND redriven_at IS NULL",
  all: "true",
};

/** Which letters a list or its groups contain. */
export interface LetterQuery {
  readonly state: LetterState | "all";
  readonly fingerprint: string | undefined;
  readonly jobId: string | undefined;
}

interface Page {
  readonly ownerId: string;
  readonly limit: number;
  /** The position (time and id) of the last one seen. */
  readonly before: { at: number; id: string } | undefined;
}

/** List dead letters, newest first. */
export async function listDeadLetters(
  db: D1Database,
  { state, fingerprint, jobId }: LetterQuery,
  page: Page,
): Promise<readonly DeadLetter[]> {
  const { results } = await db
    .prepare(
      `SELECT ${COLUMNS} FROM dead_letters
        WHERE owner_id = ?1 AND (created_at, id) < (?2, ?3) AND (?4 IS NULL OR fingerprint = ?4)
          AND ${jobId === undefined ? "?6 IS NULL" : "job_id = ?6"} AND ${IS_IN[state]}
        ORDER BY created_at DESC, id DESC LIMIT ?5`,
    )
    .bind(
      page.ownerId,
      page.before?.at ?? Number.MAX_SAFE_INTEGER,
      page.before?.id ?? "",
      fingerprint ?? null,
      page.limit,
      jobId ?? null,
    )
    .all<DeadLetter>();
  return results;
}

/** Letters with the same fingerprint. `message` is normalised; the sample is the latest of them. */
export interface LetterGroup {
  readonly fingerprint: string;
  readonly kind: string;
  readonly code: string;
  readonly message: string;
  readonly count: number;
  readonly firstSeenAt: number;
  readonly lastSeenAt: number;
  readonly sampleId: string;
  readonly sampleJobId: string | null;
  readonly sampleTaskId: string | null;
  readonly sampleReason: string;
}

/** List groups, the one seen last first; the id of a position is a fingerprint. */
export async function groupDeadLetters(
  db: D1Database,
  { state, fingerprint, jobId }: LetterQuery,
  page: Page,
): Promise<readonly LetterGroup[]> {
  const ofJob = jobId === undefined ? "?6 IS NULL" : "job_id = ?6";
  const { results } = await db
    .prepare(
      `SELECT g.fingerprint, s.kind, s.code, s.message_pattern AS message, g.count, g.firstSeenAt, g.lastSeenAt,
              s.id AS sampleId, s.job_id AS sampleJobId, s.task_id AS sampleTaskId, s.reason AS sampleReason
         FROM (SELECT fingerprint, count(*) AS count, min(created_at) AS firstSeenAt, max(created_at) AS lastSeenAt
                 FROM dead_letters
                WHERE owner_id = ?1 AND (?4 IS NULL OR fingerprint = ?4) AND ${ofJob} AND ${IS_IN[state]}
                GROUP BY fingerprint HAVING (max(created_at), fingerprint) < (?2, ?3)
                ORDER BY 4 DESC, 1 DESC LIMIT ?5) g
         JOIN dead_letters s
           ON s.id = (SELECT id FROM dead_letters
                       WHERE owner_id = ?1 AND fingerprint = g.fingerprint AND ${ofJob} AND ${IS_IN[state]}
                       ORDER BY created_at DESC, id DESC LIMIT 1)
        ORDER BY g.lastSeenAt DESC, g.fingerprint DESC`,
    )
    .bind(
      page.ownerId,
      page.before?.at ?? Number.MAX_SAFE_INTEGER,
      page.before?.id ?? "",
      fingerprint ?? null,
      page.limit,
      jobId ?? null,
    )
    .all<LetterGroup>();
  return results;
}

/** A letter with what its redrive needs. */
export interface DeadLetterDetail extends DeadLetter {
  readonly taskState: string | null;
  /** JSON. */
  readonly args: string | null;
  readonly jobKind: string | null;
  readonly jobState: string | null;
  /** 1 for a job that was cancelled or ran out of time; null if there is no job. */
  readonly isJobStopped: number | null;
  /** JSON. */
  readonly jobInput: string | null;
}

export async function findDeadLetter(
  db: D1Database,
  letter: { id: string; ownerId: string },
): Promise<DeadLetterDetail | null> {
  return db
    .prepare(
      `SELECT d.*, t.state AS taskState, t.args, j.kind AS jobKind, j.state AS jobState,
              ${wasStopped("j")} AS isJobStopped, j.input AS jobInput
         FROM (SELECT ${COLUMNS} FROM dead_letters WHERE id = ?1 AND owner_id = ?2) d
         LEFT JOIN tasks t ON t.id = d.taskId
         LEFT JOIN jobs j ON j.id = d.jobId`,
    )
    .bind(letter.id, letter.ownerId)
    .first<DeadLetterDetail>();
}

/** Read every attempt of these tasks, in order. */
export async function readAttempts(db: D1Database, taskIds: readonly string[]): Promise<readonly AttemptRow[]> {
  const { results } = await db
    .prepare(
      `SELECT ${ATTEMPT_COLUMNS} FROM attempts a
        WHERE a.task_id IN (SELECT value FROM json_each(?1)) ORDER BY a.task_id, a.number`,
    )
    .bind(JSON.stringify(taskIds))
    .all<AttemptRow>();
  return results;
}
