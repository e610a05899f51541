// Work that has not ended: what waits, runs, follows or was lost. Inserted and leased by the product's own statements.
import { insertJobs } from "../../shared/db/jobs/jobs.ts";
import { leaseTasks } from "../../shared/db/tasks/leases.ts";
import { newJob } from "../../shared/jobs/new-job.ts";
import { DEFAULT_TERMS } from "../../shared/jobs/terms.ts";
import type { JobWork } from "../../shared/kinds/index.ts";
import { LARGEST } from "./drawn-jobs.ts";
import { NOW } from "./history.ts";

const JOBS_A_CALL = 1000;
const MINUTE_MS = 60_000;

/** Half of a backlog has waited for so long that maintenance looks after it. */
const OVERDUE_MS = 30 * MINUTE_MS;
const FRESH_MS = MINUTE_MS;

interface Waiting {
  readonly ownerId: string;
  readonly work: JobWork;
  readonly createdAt: number;
}

let inserted = 0;
let drawn = 0;

async function insert(db: D1Database, waiting: readonly Waiting[]): Promise<void> {
  for (let start = 0; start < waiting.length; start += JOBS_A_CALL) {
    const jobs = await Promise.all(
      waiting.slice(start, start + JOBS_A_CALL).map(({ work, ...about }) => {
        inserted += 1;
        return newJob(work, DEFAULT_TERMS, { ...about, id: `job_${String(inserted).padStart(32, "0")}` });
      }),
    );
    await insertJobs(db, { jobs, uploads: [] }, NOW);
  }
}

/** Two kinds in turn, so that an owner has two lanes. No two are identical: one would wait for the other. */
function nextWork(): JobWork {
  drawn += 1;
  const text = `waiting ${drawn}`;
  return drawn % 2 === 0
    ? { kind: "classification", input: { text, options: { topK: 5, minScore: 0 } } }
    : { kind: "image_generation", input: { prompt: text, options: {} } };
}

function worksOf(ownerId: string, jobs: number, createdAt: number): Waiting[] {
  return Array.from({ length: jobs }, () => ({ ownerId, work: nextWork(), createdAt }));
}

/** Add owners whose tasks wait: how many owners, the number of the first, and how many tasks each. */
export async function addWaiting(
  db: D1Database,
  { from, owners, tasks }: { readonly from: number; readonly owners: number; readonly tasks: number },
): Promise<void> {
  const overdue = Math.ceil(tasks / 2);
  const waiting = Array.from({ length: owners }, (_, index) => [
    ...worksOf(waitingOwner(from + index), overdue, NOW - OVERDUE_MS),
    ...worksOf(waitingOwner(from + index), tasks - overdue, NOW - FRESH_MS),
  ]);
  await insert(db, waiting.flat());
}

export function waitingOwner(index: number): string {
  return `waiting-${index}`;
}

/** Jobs of the largest owner that run just now. */
export async function addRunning(db: D1Database, jobs: number): Promise<void> {
  await insert(db, worksOf(LARGEST, jobs, NOW - FRESH_MS));
  await lease(db, jobs, NOW - FRESH_MS);
}

/** Tasks of the largest owner whose consumers died. */
export async function addLost(db: D1Database, tasks: number): Promise<void> {
  await insert(db, worksOf(LARGEST, tasks, NOW - OVERDUE_MS));
  await lease(db, tasks, NOW - OVERDUE_MS);
}

/** Jobs of the largest owner that wait for the result of an identical one, which runs. */
export async function addFollowers(db: D1Database, jobs: number): Promise<void> {
  const work: JobWork = {
    kind: "classification",
    input: { text: "the same for all", options: { topK: 5, minScore: 0 } },
  };
  const same: Waiting = { ownerId: LARGEST, work, createdAt: NOW - FRESH_MS };
  await insert(db, [same]);
  await lease(db, 1, NOW - FRESH_MS);
  await insert(
    db,
    Array.from({ length: jobs }, () => same),
  );
}

async function lease(db: D1Database, limit: number, now: number): Promise<void> {
  const leased = await leaseTasks(db, {
    id: crypto.randomUUID(),
    now,
    leaseMs: 15 * MINUTE_MS,
    limit,
    callsAMinute: {},
  });
  if (leased.length < limit) throw new Error(`only ${leased.length} of ${limit} tasks were leased`);
}
