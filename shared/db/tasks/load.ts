import type { JobKind } from "../../kinds/index.ts";
import type { TaskKind } from "../../jobs/task-kind.ts";
import { ACCOUNT_HOLD, isAccountHeld } from "../cost/holds.ts";
import type { Pause } from "./pauses.ts";
import { DAY_MS, HOUR_MS } from "../../durations.ts";
import type { AccountHold } from "../../models/allocation.ts";

/** Unfinished tasks of a kind. Each is counted once. */
export interface TaskLoad {
  readonly kind: TaskKind;
  /** Due, and not leased. */
  readonly waiting: number;
  /** Due later: between two attempts, or waiting for capacity. */
  readonly delayed: number;
  /**
   * Held until after a midnight UTC, because the daily allocation or a budget is used up. While the account is held, also due
   * tasks.
   */
  readonly held: number;
  readonly running: number;
  /** In a stage that has not opened yet. */
  readonly pending: number;
  /** When the task that has waited longest became due: epoch milliseconds. */
  readonly oldestDueAt: number | null;
}

/** Jobs of a kind that ended. */
export interface Throughput {
  readonly kind: JobKind;
  readonly completedIn5Min: number;
  readonly failedIn5Min: number;
  readonly completedInHour: number;
  readonly failedInHour: number;
}

/** Dead letters that are not redriven. Letters of messages without a job have no kind. */
export interface OpenLetters {
  readonly kind: JobKind | null;
  readonly count: number;
}

export interface Load {
  readonly tasks: readonly TaskLoad[];
  readonly throughput: readonly Throughput[];
  readonly letters: readonly OpenLetters[];
  readonly pauses: readonly Pause[];
  readonly hold: AccountHold | null;
}

/**
 * Only the latest jobs of an owner are counted, except for the operator, so that one owner's history cannot make the call
 * expensive.
 */
export const OWN_JOBS_COUNTED = 5000;

const FIVE_MIN_MS = 5 * 60_000;

const OWN_JOBS = `(SELECT id, kind, state, finalized_at FROM jobs WHERE owner_id = ?2 ORDER BY created_at DESC LIMIT ?3)`;

// A hold ends within five minutes after a midnight UTC (nextAllocationAt), so only the last attempts of tasks due then are
// read.
const taskLoad = (from: string) =>
  `SELECT kind, sum(isDue AND NOT isHeld) AS waiting, sum(isLater AND NOT isHeld) AS delayed, sum(isHeld) AS held,
          sum(state = 'running') AS running, sum(state = 'pending') AS pending,
          min(iif(isDue AND NOT isHeld, scheduled_at, NULL)) AS oldestDueAt
     FROM (SELECT t.kind, t.state, t.scheduled_at,
                  t.state IN ('available', 'retryable') AND t.scheduled_at <= ?1 AS isDue,
                  t.state IN ('available', 'retryable') AND t.scheduled_at > ?1 AS isLater,
                  (t.state IN ('available', 'retryable') AND t.model IS NOT NULL AND ${isAccountHeld("?1")})
                    OR (t.state = 'retryable' AND t.scheduled_at > ?1 AND t.scheduled_at % ${DAY_MS} <= ${FIVE_MIN_MS}
                    AND EXISTS (SELECT 1 FROM attempts a WHERE a.task_id = t.id AND a.number = t.attempt
                                   AND a.outcome = 'snooze' AND a.error_code IN ('daily_allocation_used', 'budget_used'))) AS isHeld
             FROM ${from} WHERE t.finalized_at IS NULL)
    GROUP BY kind`;

const throughput = (from: string) =>
  `SELECT kind, sum(state = 'completed' AND finalized_at > ?1 - ${FIVE_MIN_MS}) AS completedIn5Min,
          sum(state = 'failed' AND finalized_at > ?1 - ${FIVE_MIN_MS}) AS failedIn5Min,
          sum(state = 'completed') AS completedInHour, sum(state = 'failed') AS failedInHour
     FROM ${from} WHERE finalized_at > ?1 - ${HOUR_MS} GROUP BY kind`;

const letters = (from: string) =>
  `SELECT j.kind, count(*) AS count FROM ${from} LEFT JOIN jobs j ON j.id = d.job_id WHERE d.redriven_at IS NULL AND d.discarded_at IS NULL GROUP BY j.kind`;

const PAUSES = `SELECT job_kind AS jobKind, min(note) AS note, min(paused_at) AS pausedAt FROM pauses GROUP BY job_kind`;

/**
 * Read the load of all owners. Rows read: two for an unfinished task (three if it is held), two for a job that ended within the
 * hour, two for a dead letter within the retention. A backlog of 100,000 tasks is about 200,000 rows.
 */
export async function readLoad(db: D1Database, now: number): Promise<Load> {
  return read(db, now, [
    db.prepare(taskLoad("tasks t INDEXED BY tasks_to_check")).bind(now),
    db.prepare(throughput("jobs INDEXED BY jobs_finalized")).bind(now),
    db.prepare(letters("dead_letters d")),
  ]);
}

/**
 * Read one owner's load, from their latest 5,000 jobs and dead letters. Rows read: at most 10,000 for the jobs, twice; two for
 * each task of those jobs; and 15,000 for the dead letters.
 */
export async function readOwnLoad(db: D1Database, ownerId: string, now: number): Promise<Load> {
  const ownTasks = `${OWN_JOBS} o JOIN tasks t INDEXED BY tasks_by_job ON t.job_id = o.id`;
  const ownLetters = `(SELECT job_id, redriven_at, discarded_at FROM dead_letters WHERE owner_id = ?1 ORDER BY created_at DESC LIMIT ?2) d`;
  return read(db, now, [
    db.prepare(taskLoad(ownTasks)).bind(now, ownerId, OWN_JOBS_COUNTED),
    db.prepare(throughput(OWN_JOBS)).bind(now, ownerId, OWN_JOBS_COUNTED),
    db.prepare(letters(ownLetters)).bind(ownerId, OWN_JOBS_COUNTED),
  ]);
}

async function read(db: D1Database, now: number, figures: readonly D1PreparedStatement[]): Promise<Load> {
  const [tasks, ended, dead, pauses, hold] = await db.batch<never>([
    ...figures,
    db.prepare(PAUSES),
    db.prepare(ACCOUNT_HOLD).bind(now),
  ]);
  return {
    tasks: tasks?.results ?? [],
    throughput: ended?.results ?? [],
    letters: dead?.results ?? [],
    pauses: pauses?.results ?? [],
    hold: hold?.results[0] ?? null,
  };
}
