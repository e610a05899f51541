// A redrive of many: how it is created, which letters it claims, and their results.
import type { RedriveFilter, RedriveState } from "../../redrives/redrive.ts";
import { type Actor, insertAudit } from "../keys/audit.ts";
import { wasStopped } from "../jobs/stop-jobs.ts";

export interface RedriveRow {
  readonly id: string;
  readonly ownerId: string;
  readonly state: RedriveState;
  /** JSON. */
  readonly filter: string;
  readonly maxLetters: number;
  readonly ratePerSecond: number;
  readonly canaryId: string | null;
  readonly reason: string | null;
  readonly matched: number;
  readonly released: number;
  readonly nextAt: number;
  readonly createdAt: number;
  readonly finalizedAt: number | null;
}

/** The results of the letters. `redriven` is the sum of running, completed, failed and cancelled. */
export interface Fates {
  /** Claimed, and not redriven yet. */
  readonly pending: number;
  readonly redriven: number;
  readonly running: number;
  readonly completed: number;
  readonly failed: number;
  readonly cancelled: number;
}

export interface CountedRedrive extends RedriveRow {
  readonly fates: Fates;
}

export const REDRIVE_COLUMNS = `id, owner_id AS ownerId, state, filter, max_letters AS maxLetters, rate_per_second AS ratePerSecond,
  canary_id AS canaryId, reason, matched, released, next_at AS nextAt, created_at AS createdAt, finalized_at AS finalizedAt`;

/**
 * The result of letter `d` with its task `t`. A task that failed again left another letter, even if it has been redriven once
 * more since. A message that was sent again cannot be followed.
 */
export const FATE = `CASE
  WHEN d.redriven_at IS NULL THEN iif(d.discarded_at IS NULL, 'pending', 'skipped')
  WHEN d.task_id IS NULL THEN 'completed'
  WHEN t.state = 'discarded'
    OR EXISTS (SELECT 1 FROM dead_letters l WHERE l.task_id = d.task_id AND l.created_at > d.created_at) THEN 'failed'
  WHEN t.state IN ('completed', 'cancelled') THEN t.state
  ELSE 'running' END`;

/** Count the letters of each redrive by their result; `which` is SQL of our own that selects the redrives. */
export function fatesOf(which: string): string {
  // Materialised: if it were flattened, each of the six counts would look the result up again.
  return `WITH f AS MATERIALIZED (
      SELECT d.redrive_id, ${FATE} AS fate FROM dead_letters d LEFT JOIN tasks t ON t.id = d.task_id
       WHERE d.redrive_id ${which})
    SELECT redrive_id AS redriveId, total(fate = 'pending') AS pending,
           total(fate NOT IN ('pending', 'skipped')) AS redriven, total(fate = 'running') AS running,
           total(fate = 'completed') AS completed, total(fate = 'failed') AS failed, total(fate = 'cancelled') AS cancelled
      FROM f GROUP BY redrive_id`;
}

/** Open letters of owner ?1 that the filter (?2, JSON; times in epoch milliseconds) matches, and whose job was not stopped. */
export const MATCHING = `FROM dead_letters d
  WHERE d.owner_id = ?1 AND d.state = 'open'
    AND (?2 ->> 'fingerprint' IS NULL OR d.fingerprint = ?2 ->> 'fingerprint')
    AND (?2 ->> 'code' IS NULL OR d.code = ?2 ->> 'code')
    AND (?2 ->> 'kind' IS NULL OR d.kind = ?2 ->> 'kind')
    AND (?2 ->> 'jobId' IS NULL OR d.job_id = ?2 ->> 'jobId')
    AND (?2 ->> 'createdAfter' IS NULL OR d.created_at >= ?2 ->> 'createdAfter')
    AND (?2 ->> 'createdBefore' IS NULL OR d.created_at < ?2 ->> 'createdBefore')
    AND (d.kind = 'deliver_webhook' OR NOT EXISTS (SELECT 1 FROM jobs j WHERE j.id = d.job_id AND ${wasStopped("j")}))`;

/** Return the value that `MATCHING` is bound with. */
export function boundFilter({ createdAfter, createdBefore, ...filter }: RedriveFilter): string {
  return JSON.stringify({
    ...filter,
    ...(createdAfter !== undefined && { createdAfter: Date.parse(createdAfter) }),
    ...(createdBefore !== undefined && { createdBefore: Date.parse(createdBefore) }),
  });
}

/** What a filter matches at this moment. */
export interface Matching {
  /** Open letters that no redrive holds. */
  readonly free: number;
  /** How many of these are letters of tasks. */
  readonly tasks: number;
  /** Open letters that a redrive holds already. */
  readonly held: number;
}

export async function countMatching(db: D1Database, ownerId: string, filter: RedriveFilter): Promise<Matching> {
  const row = await db
    .prepare(
      `SELECT total(d.redrive_id IS NULL) AS free, total(d.redrive_id IS NULL AND d.task_id IS NOT NULL) AS tasks,
              total(d.redrive_id IS NOT NULL) AS held ${MATCHING}`,
    )
    .bind(ownerId, boundFilter(filter))
    .first<Matching>();
  return row ?? { free: 0, tasks: 0, held: 0 };
}

export interface SampleLetter {
  readonly id: string;
  readonly fingerprint: string;
  readonly jobId: string | null;
  readonly taskId: string | null;
  readonly reason: string;
  readonly createdAt: number;
}

/** Read the letters that would be redriven first. */
export async function sampleMatching(
  db: D1Database,
  ownerId: string,
  filter: RedriveFilter,
  limit: number,
): Promise<readonly SampleLetter[]> {
  const { results } = await db
    .prepare(
      `SELECT d.id, d.fingerprint, d.job_id AS jobId, d.task_id AS taskId, d.reason, d.created_at AS createdAt
         ${MATCHING} AND d.redrive_id IS NULL ORDER BY d.created_at, d.id LIMIT ?3`,
    )
    .bind(ownerId, boundFilter(filter), limit)
    .all<SampleLetter>();
  return results;
}

export interface NewRedrive {
  /** A random id if it is left out. */
  readonly id?: string;
  readonly filter: RedriveFilter;
  readonly limit: number;
  readonly ratePerSecond: number;
  readonly canary: boolean;
}

/**
 * Claim the oldest open letters that the filter matches and no redrive holds, for a new redrive.
 * @returns its id, or null if there was none to claim (with `canary`: none of a task); nothing is changed then.
 */
export async function createRedrive(
  db: D1Database,
  { id = `rd_${crypto.randomUUID().replaceAll("-", "")}`, filter, limit, ratePerSecond, canary }: NewRedrive,
  actor: Actor,
  now: number,
): Promise<string | null> {
  const canaryLetter = `SELECT id FROM dead_letters WHERE redrive_id = ?1 AND task_id IS NOT NULL ORDER BY created_at, id LIMIT 1`;
  const results = await db.batch<{ id: string }>([
    db
      .prepare(
        `INSERT INTO redrives (id, owner_id, state, filter, max_letters, rate_per_second, next_at, created_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?7)`,
      )
      .bind(id, actor.ownerId, canary ? "canary" : "running", JSON.stringify(filter), limit, ratePerSecond, now),
    db
      .prepare(
        `UPDATE dead_letters SET redrive_id = ?3
          WHERE id IN (SELECT d.id ${MATCHING} AND d.redrive_id IS NULL ORDER BY d.created_at, d.id LIMIT ?4)`,
      )
      .bind(actor.ownerId, boundFilter(filter), id, limit),
    db
      .prepare(
        `UPDATE redrives
            SET matched = (SELECT count(*) FROM dead_letters WHERE redrive_id = ?1),
                canary_id = iif(state = 'canary', (${canaryLetter}), NULL)
          WHERE id = ?1`,
      )
      .bind(id),
    db
      .prepare(`DELETE FROM redrives WHERE id = ?1 AND (matched = 0 OR (state = 'canary' AND canary_id IS NULL))`)
      .bind(id),
    db
      .prepare(
        `UPDATE dead_letters SET redrive_id = NULL
          WHERE redrive_id = ?1 AND NOT EXISTS (SELECT 1 FROM redrives WHERE id = ?1)`,
      )
      .bind(id),
    insertAudit(
      db,
      actor,
      { act: "redrive.create", subject: id, detail: { filter, limit, ratePerSecond, canary }, now },
      `EXISTS (SELECT 1 FROM redrives WHERE id = ?1 AND owner_id = ?2)`,
    ),
    db.prepare(`SELECT id FROM redrives WHERE id = ?1`).bind(id),
  ]);
  return results.at(-1)?.results[0]?.id ?? null;
}
