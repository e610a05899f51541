// Measures every case on a copy of a database: rows on the real D1, milliseconds on the same file in this process.
import { cp, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { DatabaseSync } from "node:sqlite";

import { openDatabaseOf } from "../../test/local-database.ts";
import { median, note } from "../report.ts";
import { addFollowers, addLost, addRunning, addWaiting, waitingOwner } from "./backlog.ts";
import { backlogCases, type Case, leaseCases, readCases, writeCases } from "./cases.ts";
import { type CountingD1, openCountingD1 } from "./counting-d1.ts";
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
/** A lease of ten among so many owners, if that many tasks wait. */
const OWNERS = [100, 1000, 10_000] as const;
const MOST_WAITING = 100_000;
const MOST_FOLLOWERS = 10_000;
const TASKS_A_FURTHER_OWNER = 2;
/** A call that takes longer is timed once. */
const SLOW_MS = 200;
const TIMES = 3;

/** @param folder holds a database with this many jobs, which nothing has open. It stays as it is. */
export async function measureAll(
  folder: string,
  jobs: number,
): Promise<{ readonly measured: readonly Measured[]; readonly pruning: Pruning }> {
  const copy = await mkdtemp(join(tmpdir(), "darkroom-growth-"));
  await cp(folder, copy, { recursive: true });
  const counting = await openCountingD1(copy);
  const { database } = await openDatabaseOf(copy, "jobs");
  try {
    return await measure(counting, database, jobs);
  } finally {
    database.close();
    await counting.close();
    await rm(copy, { recursive: true, force: true });
  }
}

async function measure(counting: CountingD1, database: DatabaseSync, jobs: number) {
  const measured: Measured[] = [];
  const run = async (cases: readonly Case[]) => {
    for (const one of cases) measured.push({ ...(await measureOne(one, counting, database)), jobs });
  };
  const { db } = counting;

  await run(writeCases());
  await addRunning(db, RUNNING);
  await run(readCases(idOf(database, LARGEST, "completed")));

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
  await run(backlogCases(idOf(database, waitingOwner(0), "queued")));
  return { measured, pruning: await measurePruning(counting) };
}

async function measureOne(one: Case, counting: CountingD1, database: DatabaseSync) {
  const { name, goal } = one;
  const act = (db: D1Database) => one.act(db);
  const file = sqliteD1(database);
  const times: number[] = [];
  while (times.length < TIMES && (times[0] ?? 0) < SLOW_MS) times.push(await timeUndone(database, () => act(file)));
  const { read, written, answer } = await counting.count(act);
  const things = typeof answer === "number" ? Math.max(1, answer) : 1;
  const figures = { rowsRead: read / things, rowsWritten: written / things, ms: median(times) / things };
  return { name, goal, ...figures };
}

function idOf(database: DatabaseSync, ownerId: string, state: string): string {
  const row = database.prepare("SELECT id FROM jobs WHERE owner_id = ?1 AND state = ?2 LIMIT 1").get(ownerId, state);
  if (row === undefined) throw new Error(`no job of '${ownerId}' is ${state}`);
  return String(row["id"]);
}
