import { advanceRedrives, type RedriveDeps } from "../shared/advance-redrives.ts";
import {
  deleteJobs,
  findExpiredLeases,
  findFinalizedJobs,
  findUnknownUploads,
  readCursor,
  takeDueTasks,
  writeCursor,
} from "../shared/db/maintenance.ts";
import { settleTasks } from "../shared/db/settle.ts";
import type { Intake } from "../shared/intake.ts";
import type { Settlement } from "../shared/settlement.ts";
import { INBOX_PREFIX, resultsPrefix } from "../shared/storage.ts";
import { wake } from "../shared/wake.ts";
import { ingestUploads } from "./ingest-upload.ts";
import { decide } from "./retry-policy.ts";

export interface MaintenanceDeps extends Intake, RedriveDeps {
  readonly retentionDays: number;
}

/** What one run takes on of each duty. The next run, a minute later, goes on from there. */
const LIMIT = 1000;
const JOBS_PRUNED_A_RUN = 50;
/** Each costs two reads of R2, and the Free plan allows an invocation 1,000 operations. */
const OBJECTS_INGESTED_A_RUN = 200;

/** Every duty runs, whatever became of the others. */
export async function maintain(deps: MaintenanceDeps, now: number): Promise<void> {
  const duties = { rescueExpired, dispatchDue, advanceRedrives, sweepInbox, pruneFinalized };
  for (const [duty, run] of Object.entries(duties)) {
    try {
      const count = await run(deps, now);
      if (count > 0) console.log({ event: "maintenance.done", duty, count });
    } catch (error) {
      console.error({ event: "maintenance.failed", duty, error: String(error) });
    }
  }
}

/** Free tasks whose consumer died. The run that never ended was an attempt: a task that kills its consumer comes to an end. */
async function rescueExpired({ db, tasks, ringGraceMs }: MaintenanceDeps, now: number): Promise<number> {
  const expired = await findExpiredLeases(db, now, LIMIT);
  if (expired.length === 0) return 0;
  const failure = { code: "worker_lost", message: "The consumer ended in the middle of this attempt." };
  const settlements = expired.map((task): Settlement => {
    const retry = decide({ remedy: "retry", failure }, { ...task, createdAt: now }, { now, random: Math.random });
    return {
      taskId: task.id,
      leaseId: task.leaseId,
      // The lease has been waiting time enough.
      verdict: retry.type === "retry" ? { ...retry, scheduledAt: now - ringGraceMs } : retry,
      lost: true,
      calls: [],
      startedAt: task.leasedAt,
      finishedAt: now,
    };
  });
  const { settled, opened } = await settleTasks(db, settlements, { now, ringGraceMs });
  await wake(tasks, opened);
  return settled.size;
}

/** Ring again for tasks that are due and that nobody has leased. */
async function dispatchDue({ db, tasks, ringGraceMs }: MaintenanceDeps, now: number): Promise<number> {
  // A message waiting in a long backlog is not lost: twice the grace, so that a busy queue is not flooded with doubles.
  const due = await takeDueTasks(db, { now, ringGraceMs: 2 * ringGraceMs, limit: LIMIT });
  await wake(tasks, due);
  return due.length;
}

/** Give objects in the inbox that have no job one: their event was dropped, or came while nobody listened. */
async function sweepInbox(deps: MaintenanceDeps, now: number): Promise<number> {
  const cursor = await readCursor(deps.db, "inbox");
  const page = await deps.media.list({
    prefix: INBOX_PREFIX,
    limit: LIMIT,
    ...(cursor !== null && { startAfter: cursor }),
  });
  const settled = page.objects.filter((object) => object.uploaded.getTime() <= now - deps.ringGraceMs);
  const unknown = await findUnknownUploads(
    deps.db,
    settled.map(({ key, etag }) => ({ bucket: deps.mediaBucket, key, etag })),
  );
  await ingestUploads(unknown.slice(0, OBJECTS_INGESTED_A_RUN), deps);
  if (unknown.length > OBJECTS_INGESTED_A_RUN) return OBJECTS_INGESTED_A_RUN; // this page again
  const last = page.truncated ? (page.objects.at(-1)?.key ?? null) : null;
  if (last !== cursor) await writeCursor(deps.db, "inbox", last);
  return unknown.length;
}

/** Forget jobs that ended longer ago than the retention, results and all. Sources in the inbox belong to the client. */
async function pruneFinalized({ db, media, retentionDays }: MaintenanceDeps, now: number): Promise<number> {
  const before = now - retentionDays * 24 * 3_600_000;
  const jobIds = await findFinalizedJobs(db, before, JOBS_PRUNED_A_RUN);
  // Objects first: rows that are gone could not be found again.
  for (const jobId of jobIds) {
    const { objects } = await media.list({ prefix: resultsPrefix(jobId), limit: LIMIT });
    if (objects.length > 0) await media.delete(objects.map((object) => object.key));
  }
  await deleteJobs(db, jobIds, before);
  return jobIds.length;
}
