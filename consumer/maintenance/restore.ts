// Duties for the day on which the database is set back to an earlier moment (docs/operations.md): what the bucket has to
// know of jobs, how maintenance notices, and how it takes up again what the database has forgotten.
import { beginDeletions } from "../../shared/db/jobs/deletions.ts";
import { listDescribed, predictionOf, RECORDED_MS } from "../../shared/db/jobs/records.ts";
import { insertJobs } from "../../shared/db/jobs/jobs.ts";
import { readCursor, writeCursor } from "../../shared/db/jobs/maintenance.ts";
import { insertPrediction } from "../../shared/db/webhooks/predictions.ts";
import {
  CLOCK,
  findMissing,
  findRestore,
  insertRestore,
  moveRestore,
  putClockOn,
  type Restore,
} from "../../shared/db/jobs/restores.ts";
import { deleteLeftovers, type DeletionDeps } from "../../shared/jobs/delete-jobs.ts";
import type { Intake } from "../../shared/jobs/intake.ts";
import { newJob, type NewJob } from "../../shared/jobs/new-job.ts";
import { recordIntake } from "../../shared/jobs/take-in.ts";
import { keepRecords, readRecords, type JobRecord } from "../../shared/restoring/records.ts";
import {
  CLOCK_KEY,
  DELETED_PREFIX,
  deletedJobIn,
  keyBefore,
  RECORDS_PREFIX,
  timeIn,
} from "../../shared/uploads/storage.ts";
import { DEFAULT_TERMS } from "../../shared/jobs/terms.ts";
import { wake } from "../../shared/jobs/wake.ts";
import { JobWork } from "../../shared/jobs/job-work.ts";

export interface RestoreDeps extends Intake, DeletionDeps {}

const RECORDED = "recorded";

/** Jobs a page, and pages a run: a thousand descriptions of ten thousand characters fit into memory many times. */
const RECORDS_A_PAGE = 200;
const PAGES_A_RUN = 25;

/** A job is inserted some moments after its time: what was recorded this long ago is looked at once more. */
const LATE_MS = 60_000;

/** Objects taken up a run. */
const OBJECTS_A_RUN = 50;

/** From this long before the moment that the database knows: clocks of Workers differ a little. */
const MARGIN_MS = 10 * 60_000;

/** Steps of a restore a run. */
const STEPS_A_RUN = 20;

/**
 * Notice that the database was set back, and take up again what it has forgotten; else record what it would forget. In
 * this order: a database that was set back must not write over the record of what it does not know. Before all other duties.
 */
export async function keepRestorable(deps: RestoreDeps, now: number): Promise<number> {
  await noticeRestore(deps, now);
  let count = 0;
  for (let step = 0; step < STEPS_A_RUN; step += 1) {
    const restore = await findRestore(deps.db);
    if (restore === null) return count + (await recordJobs(deps, now));
    count += await takeUpAgain(restore, deps, now);
  }
  return count;
}

/** Compare the database's clock with the bucket's. One that is behind has been set back, or is a new one. */
async function noticeRestore({ db, media, journal }: RestoreDeps, now: number): Promise<void> {
  // The bucket's first: a run beside this one writes the database's first.
  const clock = await media.get(CLOCK_KEY);
  const known = await readCursor(db, CLOCK);
  const told = clock === null ? 0 : Number(await clock.text());
  const isBack = told > Number(known ?? 0);
  if (isBack) {
    await insertRestore(db, { foundAt: now, wentBackTo: Number(known ?? 0) });
    journal.record({ event: "database.restored" }, { wentBackTo: Number(known ?? 0), lastRanAt: told });
  }
  // In this order: the bucket's clock is never ahead of a database that was not set back.
  await putClockOn(db, now);
  await media.put(CLOCK_KEY, String(now));
}

/** Record in the bucket how jobs were described that no object of the inbox describes. */
async function recordJobs({ db, media }: RestoreDeps, now: number): Promise<number> {
  const cursor = Number((await readCursor(db, RECORDED)) ?? now - RECORDED_MS);
  let after = { at: Math.min(cursor, now - LATE_MS), id: "" };
  let count = 0;
  for (let page = 1; ; page += 1) {
    const jobs = await listDescribed(db, { after, limit: RECORDS_A_PAGE });
    await keepRecords(media, jobs);
    count += jobs.length;
    const last = jobs.at(-1);
    const isAll = jobs.length < RECORDS_A_PAGE || last === undefined;
    if (!isAll) after = { at: last.createdAt, id: last.id };
    if (isAll || page === PAGES_A_RUN) {
      const recordedTo = isAll ? now - LATE_MS : after.at;
      if (recordedTo !== cursor) await writeCursor(db, RECORDED, String(recordedTo));
      return count;
    }
  }
}

/** Forget records and deletions that no restore can reach any more. The oldest come first. */
export async function pruneRecords({ media }: RestoreDeps, now: number): Promise<number> {
  let count = 0;
  for (const prefix of [RECORDS_PREFIX, DELETED_PREFIX]) {
    const { objects } = await media.list({ prefix, limit: 1000 });
    const old = objects.map(({ key }) => key).filter((key) => timeIn(key, prefix) < now - RECORDED_MS - LATE_MS);
    if (old.length > 0) await media.delete(old);
    count += old.length;
  }
  return count;
}

/**
 * One step: delete again what was deleted since, then insert again what was described since. Uploads are found by the
 * sweep, and stored results by the tasks themselves.
 */
async function takeUpAgain(restore: Restore, deps: RestoreDeps, now: number): Promise<number> {
  const from = restore.wentBackTo - MARGIN_MS;
  const isDeleting = restore.takenUpTo === "" || restore.takenUpTo.startsWith(DELETED_PREFIX);
  const prefix = isDeleting ? DELETED_PREFIX : RECORDS_PREFIX;
  const startAfter = restore.takenUpTo.startsWith(prefix) ? restore.takenUpTo : keyBefore(prefix, from);
  const { objects, truncated } = await deps.media.list({
    prefix,
    limit: OBJECTS_A_RUN,
    startAfter,
    include: ["customMetadata"],
  });
  const count = isDeleting ? await deleteAgain(objects, deps, now) : await insertAgain(objects, deps, now);
  const last = objects.at(-1)?.key ?? startAfter;
  const next: Omit<Restore, "wentBackTo"> & { doneAt: number | null } = truncated
    ? { foundAt: restore.foundAt, takenUpTo: last, doneAt: null }
    : { foundAt: restore.foundAt, takenUpTo: keyBefore(RECORDS_PREFIX, from), doneAt: isDeleting ? null : now };
  await moveRestore(deps.db, next);
  if (next.doneAt !== null) deps.journal.record({ event: "database.taken_up" }, { wentBackTo: restore.wentBackTo });
  return count;
}

async function deleteAgain(objects: readonly R2Object[], deps: RestoreDeps, now: number): Promise<number> {
  const targets = objects.map(({ key, customMetadata }) => ({
    id: deletedJobIn(key),
    // An upload that came again afterwards has the same id.
    createdBefore: timeIn(key, DELETED_PREFIX),
    withSource: customMetadata?.["source"] === "true",
  }));
  const leftovers = await beginDeletions(deps.db, targets, { now });
  await deleteLeftovers(leftovers, deps, now);
  return leftovers.length;
}

async function insertAgain(objects: readonly R2Object[], deps: RestoreDeps, now: number): Promise<number> {
  let count = 0;
  for (const { key } of objects) {
    const records = await readRecords(deps.media, key);
    const missing = await findMissing(
      deps.db,
      records.map(({ id }) => id),
    );
    const all = records.filter(({ id, isCancelled }) => missing.has(id) && isCancelled === 0);
    for (const lost of slicesOf(all)) count += await insertLost(lost, deps, now);
  }
  return count;
}

/** D1 takes two megabytes in a bound value (developers.cloudflare.com/d1/platform/limits): a slice has less than half of them. */
const SLICE_CHARS = 300_000;

function slicesOf(records: readonly JobRecord[]): readonly (readonly JobRecord[])[] {
  const slices: JobRecord[][] = [];
  let chars = Infinity;
  for (const record of records) {
    const more = JSON.stringify(record).length;
    if (chars + more > SLICE_CHARS) {
      slices.push([]);
      chars = 0;
    }
    chars += more;
    slices.at(-1)?.push(record);
  }
  return slices;
}

async function insertLost(lost: readonly JobRecord[], deps: RestoreDeps, now: number): Promise<number> {
  const jobs = (await Promise.all(lost.map((record) => jobOf(record, deps)))).filter((job) => job !== null);
  const alongside = lost.flatMap((record) => {
    const prediction = predictionOf(record);
    return prediction === null ? [] : [insertPrediction(deps.db, prediction, record.createdAt)];
  });
  const inserted = await insertJobs(deps.db, { jobs, uploads: [], alongside }, { now, ringGraceMs: deps.ringGraceMs });
  recordIntake(deps.journal, { jobs, uploads: [], taskIds: inserted.tasks });
  await wake(deps.tasks, inserted.ready);
  return inserted.tasks.length;
}

/** The same job again, under the same id, without its limits of time: they may have been kept. Null for one that cannot be read. */
async function jobOf(
  record: JobRecord,
  { ringGraceMs, journal }: Pick<Intake, "ringGraceMs" | "journal">,
): Promise<NewJob | null> {
  const { id, ownerId, createdAt, kind, limitedKey } = record;
  const parsed = JobWork.safeParse({ kind, input: JSON.parse(record.input) });
  if (!parsed.success) {
    journal.fault({ event: "restore.failed", jobId: id, ownerId }, parsed.error);
    return null;
  }
  const terms = { ...DEFAULT_TERMS, reuse: record.isReusing === 1 };
  const limit = limitedKey === null ? {} : { limit: { keyId: limitedKey } };
  const job = await newJob(parsed.data, terms, { id, ownerId, createdAt, ringGraceMs, ...limit });
  const { priority, maxNeurons, tags, metadata, choice } = record;
  return { ...job, priority, maxNeurons, tags, metadata, choice, startBy: null, deadlineAt: null };
}
