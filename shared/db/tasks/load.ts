import type { JobKind } from "../../kinds/index.ts";
import { countTasks, type TaskLoad, type UnfinishedTask } from "../../jobs/count-tasks.ts";
import type { TaskKind } from "../../jobs/task-kind.ts";
import { ACCOUNT_HOLD } from "../cost/holds.ts";
import type { Pause } from "./pauses.ts";
import { HOUR_MS } from "../../durations.ts";
import type { AccountHold } from "../../models/allocation.ts";

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

/** What waits, runs and ended. The counts have limits, so each figure may be a minimum. */
export interface Load {
  readonly tasks: readonly TaskLoad[];
  /** The kinds of tasks whose count stopped at its limit. */
  readonly moreTasks: ReadonlySet<TaskKind>;
  readonly throughput: readonly Throughput[];
  readonly isMoreThroughput: boolean;
  readonly letters: readonly OpenLetters[];
  readonly isMoreLetters: boolean;
  readonly pauses: readonly Pause[];
  readonly hold: AccountHold | null;
}

/** How many waiting tasks of each kind are counted, from each end of the index. */
const WAITING_COUNTED = 150;

/** How many running tasks of all kinds are counted, and how many whose stage has not opened. */
const STARTED_COUNTED = 500;

/** Jobs of all owners that ended within the hour. */
const ENDED_COUNTED = 600;

/** Open dead letters of a kind of task; for one owner, those of all kinds together. */
const LETTERS_COUNTED = 100;

/** Unfinished jobs of one owner in a state, and the tasks of these that are read. */
const OWN_UNFINISHED_COUNTED = 250;
const OWN_TASKS_READ = 600;

/** How many jobs of one owner are searched for those that ended: half are the latest, half were created before any that waits. */
export const OWN_JOBS_COUNTED = 500;

const FIVE_MIN_MS = 5 * 60_000;

const TASK = `t.id, t.kind, t.state, t.scheduled_at AS scheduledAt, t.held_by AS heldBy, t.model IS NOT NULL AS asksModel`;

const throughput = (from: string) =>
  `SELECT kind, sum(state = 'completed' AND finalized_at > ?1 - ${FIVE_MIN_MS}) AS completedIn5Min,
          sum(state = 'failed' AND finalized_at > ?1 - ${FIVE_MIN_MS}) AS failedIn5Min,
          sum(state = 'completed') AS completedInHour, sum(state = 'failed') AS failedInHour,
          sum(count(*)) OVER () AS ended
     FROM ${from} WHERE finalized_at > ?1 - ${HOUR_MS} GROUP BY kind`;

const lettersOf = (from: string) =>
  `SELECT j.kind, count(*) AS count FROM (${from}) d LEFT JOIN jobs j ON j.id = d.job_id GROUP BY j.kind`;

const PAUSES = `SELECT job_kind AS jobKind, min(note) AS note, min(paused_at) AS pausedAt FROM pauses GROUP BY job_kind`;

const WAITS = `t.state IN ('available', 'retryable')`;

/** A lane begins with the kind of its tasks, and a space. */
const kindOf = (lane: string) => `substr(${lane}, 1, instr(${lane}, ' ') - 1)`;

const endOf = (order: "ASC" | "DESC") =>
  `(SELECT json_group_array(json_object('id', id, 'kind', kind, 'state', state, 'scheduledAt', scheduledAt, 'heldBy', heldBy,
                                        'asksModel', asksModel))
      FROM (SELECT ${TASK} FROM tasks t WHERE t.lane > kinds.kind || ' ' AND t.lane < kinds.kind || '!' AND ${WAITS}
             ORDER BY t.lane ${order} LIMIT ${WAITING_COUNTED}))`;

/** The kinds of tasks that wait, and tasks of each from both ends of the index. A short backlog is read whole, and twice. */
const WAITING = `
  WITH RECURSIVE kinds (kind) AS (
    SELECT (SELECT ${kindOf("min(t.lane)")} FROM tasks t WHERE ${WAITS})
    UNION ALL
    SELECT (SELECT ${kindOf("min(t.lane)")} FROM tasks t WHERE ${WAITS} AND t.lane > kinds.kind || '!')
      FROM kinds WHERE kinds.kind IS NOT NULL
  )
  SELECT kind, ${endOf("ASC")} AS first, ${endOf("DESC")} AS last FROM kinds WHERE kind IS NOT NULL`;

const started = (state: "running" | "pending") =>
  `SELECT ${TASK} FROM tasks t WHERE t.finalized_at IS NULL AND t.state = '${state}' LIMIT ${STARTED_COUNTED}`;

const LETTERS = lettersOf(`
  WITH RECURSIVE kinds (kind) AS (
    SELECT min(kind) FROM dead_letters WHERE redriven_at IS NULL AND discarded_at IS NULL
    UNION ALL
    SELECT (SELECT min(d.kind) FROM dead_letters d WHERE d.redriven_at IS NULL AND d.discarded_at IS NULL AND d.kind > kinds.kind)
      FROM kinds WHERE kinds.kind IS NOT NULL
  )
  SELECT l.value AS job_id
    FROM kinds, json_each((SELECT json_group_array(job_id)
                             FROM (SELECT d.job_id FROM dead_letters d
                                    WHERE d.redriven_at IS NULL AND d.discarded_at IS NULL AND d.kind = kinds.kind
                                    LIMIT ${LETTERS_COUNTED}))) l
   WHERE kinds.kind IS NOT NULL`);

interface Waiting {
  readonly kind: TaskKind;
  /** JSON. */
  readonly first: string;
  readonly last: string;
}

type Found = UnfinishedTask & { readonly id: string };
type OwnTask = Found & { readonly hasEnded: number; readonly place: number };

/**
 * Read the load of all owners. Rows read: at most 300 for each kind of task that waits, 500 for tasks that run and for tasks whose
 * stage has not opened, 600 for jobs that ended within the hour, and 300 for the open dead letters of a kind of task.
 */
export async function readLoad(db: D1Database, now: number): Promise<Load> {
  const [waiting, running, pending, ...rest] = await db.batch<never>([
    db.prepare(WAITING),
    db.prepare(started("running")),
    db.prepare(started("pending")),
    db
      .prepare(
        throughput(`(SELECT kind, state, finalized_at FROM jobs INDEXED BY jobs_finalized
                      WHERE finalized_at IS NOT NULL ORDER BY finalized_at DESC LIMIT ${ENDED_COUNTED})`),
      )
      .bind(now),
    db.prepare(LETTERS),
    ...conditions(db, now),
  ]);
  const kinds = rowsOf(waiting).map(({ kind, first, last }: Waiting) => {
    // Our own JSON, from `endOf`.
    const ends = [...(JSON.parse(first) as Found[]), ...(JSON.parse(last) as Found[])];
    return { kind, tasks: [...new Map(ends.map((task) => [task.id, task])).values()] };
  });
  const others = [running, pending].map((result): readonly Found[] => rowsOf(result));
  const isMoreStarted = others.some((tasks) => tasks.length >= STARTED_COUNTED);
  const tasks = [...kinds.flatMap((one) => one.tasks), ...others.flat()];
  const more = kinds.filter((one) => isMoreStarted || one.tasks.length >= 2 * WAITING_COUNTED).map(({ kind }) => kind);
  return loadOf(rest, {
    now,
    tasks,
    moreTasks: new Set(isMoreStarted ? [...more, ...tasks.map(({ kind }) => kind)] : more),
    isMoreThroughput: (ended) => ended >= ENDED_COUNTED,
  });
}

/** SQL: when the oldest job of owner ?2 in a state was created. */
const oldestOf = (state: string) =>
  `(SELECT min(created_at) FROM jobs WHERE owner_id = ?2 AND state = '${state}' AND state <> 'completed')`;

/**
 * Read one owner's load. Rows read: at most 250 jobs that wait and 250 that run, with 600 tasks each; 500 for the jobs that ended,
 * and 200 for the open dead letters.
 */
export async function readOwnLoad(db: D1Database, ownerId: string, now: number): Promise<Load> {
  const unfinished = (state: "queued" | "running") =>
    db
      .prepare(
        `SELECT ${TASK}, t.finalized_at IS NOT NULL AS hasEnded, o.place
           FROM (SELECT id, row_number() OVER (ORDER BY created_at, id) AS place
                   FROM (SELECT id, created_at FROM jobs INDEXED BY jobs_by_state
                          WHERE owner_id = ?1 AND state = '${state}' AND state <> 'completed'
                          ORDER BY created_at, id LIMIT ${OWN_UNFINISHED_COUNTED})) o
                CROSS JOIN tasks t INDEXED BY tasks_by_job ON t.job_id = o.id
          LIMIT ${OWN_TASKS_READ}`,
      )
      .bind(ownerId);
  const half = OWN_JOBS_COUNTED / 2;
  const latest = (before: string) =>
    `SELECT id, kind, state, finalized_at FROM jobs INDEXED BY jobs_by_owner
      WHERE owner_id = ?2 AND created_at < ${before} ORDER BY created_at DESC LIMIT ${half}`;
  const ended = `(SELECT * FROM (${latest("1e16")}) UNION
                  SELECT * FROM (${latest(`min(coalesce(${oldestOf("queued")}, 1e16), coalesce(${oldestOf("running")}, 1e16))`)}))`;
  const letters = `SELECT job_id FROM dead_letters INDEXED BY dead_letters_by_state
                    WHERE owner_id = ?1 AND state = 'open' ORDER BY created_at DESC LIMIT ${LETTERS_COUNTED}`;
  const [queued, running, ...rest] = await db.batch<never>([
    unfinished("queued"),
    unfinished("running"),
    db.prepare(throughput(ended)).bind(now, ownerId),
    db.prepare(lettersOf(letters)).bind(ownerId),
    ...conditions(db, now),
  ]);
  const found = [queued, running].map((result): readonly OwnTask[] => rowsOf(result));
  const isMore = found.some(
    (tasks) => tasks.length >= OWN_TASKS_READ || (tasks.at(-1)?.place ?? 0) >= OWN_UNFINISHED_COUNTED,
  );
  const tasks = found.flat().filter(({ hasEnded }) => hasEnded === 0);
  return loadOf(rest, {
    now,
    tasks,
    moreTasks: new Set(isMore ? tasks.map(({ kind }) => kind) : []),
    isMoreThroughput: (count) => count >= half,
  });
}

function conditions(db: D1Database, now: number): readonly D1PreparedStatement[] {
  return [db.prepare(PAUSES), db.prepare(ACCOUNT_HOLD).bind(now)];
}

function loadOf(
  [ended, dead, pauses, hold]: readonly (D1Result<never> | undefined)[],
  {
    now,
    tasks,
    moreTasks,
    isMoreThroughput,
  }: Pick<Load, "moreTasks"> & {
    now: number;
    tasks: readonly Found[];
    isMoreThroughput: (ended: number) => boolean;
  },
): Load {
  const rows: readonly (Throughput & { ended: number })[] = rowsOf(ended);
  const letters: readonly OpenLetters[] = rowsOf(dead);
  const [held]: readonly AccountHold[] = rowsOf(hold);
  return {
    tasks: countTasks(tasks, { now, isAccountHeld: held !== undefined }),
    moreTasks,
    throughput: rows,
    isMoreThroughput: isMoreThroughput(rows[0]?.ended ?? 0),
    letters,
    isMoreLetters: letters.reduce((sum, { count }) => sum + count, 0) >= LETTERS_COUNTED,
    pauses: rowsOf(pauses),
    hold: held ?? null,
  };
}

/** Each caller declares the type of its rows, because the columns are in its own statement. */
function rowsOf(result: D1Result<never> | undefined): readonly never[] {
  return result?.results ?? [];
}
