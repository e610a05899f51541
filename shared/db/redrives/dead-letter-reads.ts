import { ATTEMPT_COLUMNS } from "../jobs/reads.ts";
import { wasStopped } from "../jobs/stop-jobs.ts";
import { LETTER_STATES, type LetterState } from "../../redrives/redrive.ts";
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

const COLUMNS = `id, fingerprint, kind, queue, task_id AS taskId, job_id AS jobId, body, code, reason, state,
                 note, redrive_id AS redriveId, created_at AS createdAt, redriven_at AS redrivenAt,
                 discarded_at AS discardedAt`;

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

/** List dead letters, newest first, along the index of the conditions that are given. */
export async function listDeadLetters(
  db: D1Database,
  { state, fingerprint, jobId }: LetterQuery,
  page: Page,
): Promise<readonly DeadLetter[]> {
  const values: unknown[] = [page.ownerId, ...positionOf(page), page.limit];
  const bound = (value: unknown) => `?${values.push(value)}`;
  const conditions = [
    ...(state === "all" ? [] : [`state = ${bound(state)}`]),
    ...(fingerprint === undefined ? [] : [`fingerprint = ${bound(fingerprint)}`]),
    ...(jobId === undefined ? [] : [`job_id = ${bound(jobId)}`]),
  ];
  const index = `${state === "all" ? "" : "_state"}${fingerprint === undefined ? "" : "_fingerprint"}`;
  const { results } = await db
    .prepare(
      `SELECT ${COLUMNS} FROM dead_letters INDEXED BY ${jobId === undefined ? INDEXES[index] : "dead_letters_by_job"}
        WHERE owner_id = ?1 AND (created_at, id) < (?2, ?3) AND ${conditions.join(" AND ") || "true"}
        ORDER BY created_at DESC, id DESC LIMIT ?4 + 0`,
    )
    .bind(...values)
    .all<DeadLetter>();
  return results;
}

const INDEXES: Readonly<Record<string, string>> = {
  "": "dead_letters_by_owner",
  _state: "dead_letters_by_state",
  _fingerprint: "dead_letters_by_fingerprint",
  _state_fingerprint: "dead_letters_by_state_and_fingerprint",
};

function positionOf({ before }: Page): readonly [at: number, id: string] {
  return [before?.at ?? Number.MAX_SAFE_INTEGER, before?.id ?? ""];
}

/** Letters with the same fingerprint. `message` is normalised; the sample is the latest of them. */
export interface LetterGroup {
  readonly fingerprint: string;
  readonly kind: string;
  readonly code: string;
  readonly message: string;
  readonly count: number;
  /** Whether there are more letters than `count`. */
  readonly isAtLeast: boolean;
  readonly firstSeenAt: number;
  readonly lastSeenAt: number;
  readonly sampleId: string;
  readonly sampleJobId: string | null;
  readonly sampleTaskId: string | null;
  readonly sampleReason: string;
}

/** How many letters of a group are counted. */
const LETTERS_COUNTED = 100;

/**
 * List groups, the one seen last first; the id of a position is a fingerprint. At most 100 letters of each group are counted. Rows
 * read: three for each fingerprint of the owner, and 100 for each group of the page. For one job, all its letters.
 */
export async function groupDeadLetters(
  db: D1Database,
  { state, fingerprint, jobId }: LetterQuery,
  page: Page,
): Promise<readonly LetterGroup[]> {
  const states = JSON.stringify(state === "all" ? LETTER_STATES : [state]);
  const values: unknown[] = [page.ownerId, ...positionOf(page), page.limit, states];
  const bound = (value: unknown) => `?${values.push(value)}`;
  const one = fingerprint === undefined ? "" : `AND d.fingerprint = ${bound(fingerprint)}`;
  const ofOwner = `d.owner_id = ?1 AND d.state = s.state ${one}`;
  const index = jobId === undefined ? "dead_letters_by_state_and_fingerprint" : "dead_letters_by_job";
  const next = (condition: string) =>
    `(SELECT min(d.fingerprint) FROM dead_letters d INDEXED BY ${index} WHERE ${ofOwner} AND ${condition})`;
  const found =
    jobId === undefined
      ? `WITH RECURSIVE s (state, fingerprint) AS (
           SELECT s.state, ${next("true")} FROM (SELECT value AS state FROM json_each(?5)) s
           UNION ALL
           SELECT s.state, ${next("d.fingerprint > s.fingerprint")} FROM s WHERE s.fingerprint IS NOT NULL
         )`
      : `WITH s (state, fingerprint) AS (
           SELECT DISTINCT d.state, d.fingerprint FROM dead_letters d INDEXED BY ${index}
            WHERE d.job_id = ${bound(jobId)} AND d.owner_id = ?1 AND d.state IN (SELECT value FROM json_each(?5)) ${one}
         )`;
  const ofJob = jobId === undefined ? "" : `AND d.job_id = ?${values.length}`;
  const lettersOf = (row: string, letterState: string) =>
    `dead_letters d INDEXED BY ${index}
      WHERE d.owner_id = ?1 AND d.state = ${letterState} AND d.fingerprint = ${row}.fingerprint ${ofJob}`;
  const { results } = await db
    .prepare(
      `${found},
       ends (fingerprint, last) AS (
         SELECT s.fingerprint, (SELECT max(d.created_at) FROM ${lettersOf("s", "s.state")})
           FROM s WHERE s.fingerprint IS NOT NULL
       ),
       shown (fingerprint, last) AS MATERIALIZED (
         SELECT fingerprint, max(last) FROM ends GROUP BY fingerprint
         HAVING (max(last), fingerprint) < (?2, ?3) ORDER BY 2 DESC, 1 DESC LIMIT ?4 + 0
       )
       SELECT g.fingerprint, l.kind, l.code, l.message_pattern AS message, g.last AS lastSeenAt,
              (SELECT min((SELECT min(d.created_at) FROM ${lettersOf("g", "n.value")})) FROM json_each(?5) n) AS firstSeenAt,
              (SELECT count(*) FROM (SELECT 1 FROM json_each(?5) n CROSS JOIN ${lettersOf("g", "n.value")}
                                      LIMIT ${LETTERS_COUNTED + 1})) AS found,
              l.id AS sampleId, l.job_id AS sampleJobId, l.task_id AS sampleTaskId, l.reason AS sampleReason
         FROM shown g
         JOIN dead_letters l
           ON l.id = (SELECT max(d.id) FROM json_each(?5) n CROSS JOIN ${lettersOf("g", "n.value")} AND d.created_at = g.last)
        ORDER BY g.last DESC, g.fingerprint DESC`,
    )
    .bind(...values)
    .all<Omit<LetterGroup, "count" | "isAtLeast"> & { readonly found: number }>();
  return results.map(({ found: count, ...group }) => ({
    ...group,
    count: Math.min(count, LETTERS_COUNTED),
    isAtLeast: count > LETTERS_COUNTED,
  }));
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
