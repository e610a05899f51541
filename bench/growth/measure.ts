// Measures every case on a copy of a database: rows on the real D1, time of a processor on the same file in this process.
import { cp, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { DatabaseSync } from "node:sqlite";

import { openDatabaseOf } from "../../test/local-database.ts";
import { note } from "../report.ts";
import { addFollowers, addLost, addRunning, addWaiting } from "./backlog.ts";
import { backlogCases, type Case, leaseCases, readCases, writeCases } from "./cases.ts";
import { type CountingD1, openCountingD1, type Rows } from "./counting-d1.ts";
import { LARGEST } from "./drawn-jobs.ts";
import { measurePruning, type Pruning } from "./pruning.ts";
import { sqliteD1, timeUndone } from "./sqlite-d1.ts";

/** One case at one size. */
export interface Measured {
  readonly name: string;
  readonly goal: number;
  readonly jobs: number;
  readonly rowsRead: number;
  readonly rowsWritten: number;
  readonly ms: number;
}

const RUNNING = 5;
const LOST = 10;
/** The numbers of owners among whom ten tasks are leased, if at least that many tasks wait. */
const OWNERS = [100, 1000, 10_000] as const;
const MOST_WAITING = 100_000;
const MOST_FOLLOWERS = 10_000;
const TASKS_A_FURTHER_OWNER = 2;
/** The most rows that the prune of a job may read. */
const PRUNED_ROWS = 30;
/** The system counts a processor's time in steps of some milliseconds: more calls give no better figure than this. */
const ENOUGH_MS = 100;

/** How many jobs the database has, and how often each call is timed at most. */
interface Size {
  readonly jobs: number;
  readonly times: number;
}

/** @param folder holds a database with this many jobs, which nothing has open. It stays as it is. */
export async function measureAll(
  folder: string,
  size: Size,
): Promise<{ readonly measured: readonly Measured[]; readonly pruning: Pruning }> {
  const copy = await mkdtemp(join(tmpdir(), "darkroom-growth-"));
  await cp(folder, copy, { recursive: true });
  const counting = await openCountingD1(copy);
  const { database } = await openDatabaseOf(copy, "jobs");
  try {
    return await measure(counting, database, size);
  } finally {
    database.close();
    await counting.close();
    await rm(copy, { recursive: true, force: true });
  }
}

async function measure(counting: CountingD1, database: DatabaseSync, { jobs, times }: Size) {
  const measured: Measured[] = [];
  const run = async (cases: readonly Case[]) => {
    for (const one of cases) measured.push({ ...(await measureOne(one, { counting, database, times })), jobs });
  };
  const { db } = counting;

  await run(writeCases());
  await addRunning(db, RUNNING);
  await run(readCases(jobWhere(database, `owner_id = '${LARGEST}' AND state = 'completed'`)));

  note(`${jobs} jobs: adding a backlog`);
  await addLost(db, LOST);
  await addFollowers(db, Math.min(MOST_FOLLOWERS, Math.ceil(jobs / 100)));
  let waitingOwners = 0;
  for (const owners of OWNERS.filter((count) => count <= Math.max(OWNERS[0], jobs / 10))) {
    const waiting = Math.min(MOST_WAITING, Math.ceil(jobs / 10));
    const tasks = waitingOwners === 0 ? Math.ceil(waiting / owners) : TASKS_A_FURTHER_OWNER;
    await addWaiting(db, { from: waitingOwners, owners: owners - waitingOwners, tasks });
    waitingOwners = owners;
    await run(leaseCases(owners));
  }
  await run(backlogCases(jobWhere(database, "owner_id LIKE 'waiting-%' AND state = 'queued'")));

  const pruning = await measurePruning(counting);
  measured.push({ name: "prune", goal: PRUNED_ROWS, jobs, ...ofEach(pruning, pruning.jobsAMinute, pruning.ms) });
  return { measured, pruning };
}

interface Place {
  readonly counting: CountingD1;
  readonly database: DatabaseSync;
  readonly times: number;
}

async function measureOne(one: Case, { counting, database, times }: Place) {
  const { name, goal } = one;
  const act = (db: D1Database) => one.act(db);
  const file = sqliteD1(database);
  await timeUndone(database, () => act(file)); // reads its pages, and compiles its statements
  let [ms, calls] = [0, 0];
  while (calls === 0 || (calls < times && ms < ENOUGH_MS)) {
    ms += await timeUndone(database, () => act(file));
    calls += 1;
  }
  const { read, written, answer } = await counting.count(act);
  return { name, goal, ...ofEach({ read, written }, typeof answer === "number" ? answer : 1, ms / calls) };
}

function ofEach({ read, written }: Rows, things: number, ms: number) {
  const count = Math.max(1, things);
  return { rowsRead: read / count, rowsWritten: written / count, ms: ms / count };
}

interface Found {
  readonly id: string;
  readonly ownerId: string;
}

/** A job that this SQL of our own is true for. */
function jobWhere(database: DatabaseSync, isIt: string): Found {
  const row = database.prepare(`SELECT id, owner_id FROM jobs WHERE ${isIt} LIMIT 1`).get();
  if (row === undefined) throw new Error(`there is no job for which this is true: ${isIt}`);
  return { id: String(row["id"]), ownerId: String(row["owner_id"]) };
}
