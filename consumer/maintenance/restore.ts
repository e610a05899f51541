// How maintenance notices that the database was set back to an earlier moment (docs/operations.md), and how it restores the
// records that the database has lost.
import { beginDeletions } from "../../shared/db/jobs/deletions.ts";
import { predictionOf } from "../../shared/db/jobs/records.ts";
import { readCursor } from "../../shared/db/jobs/maintenance.ts";
import { insertVersions } from "../../shared/db/transcripts/versions.ts";
import { insertPrediction } from "../../shared/db/webhooks/predictions.ts";
import {
  CLOCK,
  findRestore,
  insertRestore,
  moveRestore,
  putClockOn,
  type Restore,
} from "../../shared/db/jobs/restores.ts";
import { insertReuses } from "../../shared/db/jobs/reuses.ts";
import { findMissing, insertTombstones } from "../../shared/db/jobs/tombstones.ts";
import { deleteLeftovers, type DeletionDeps } from "../../shared/jobs/delete-jobs.ts";
import type { Intake } from "../../shared/jobs/intake.ts";
import { JobWork } from "../../shared/kinds/index.ts";
import { newJob, type NewJob } from "../../shared/jobs/new-job.ts";
import { takeIn } from "../../shared/jobs/take-in.ts";
import { jobRecords, type JobRecord, readDeleted } from "../../shared/restoring/records.ts";
import { readLabels, reuseRecords } from "../../shared/restoring/reuses.ts";
import { readEdit } from "../../shared/restoring/edits.ts";
import type { Label } from "../../shared/jobs/outcome.ts";
import {
  CLOCK_KEY,
  DELETED_PREFIX,
  EDITED_PREFIX,
  keyBefore,
  RECORDS_PREFIX,
  REUSED_PREFIX,
  timeIn,
} from "../../shared/uploads/storage.ts";
import { DEFAULT_TERMS } from "../../shared/jobs/terms.ts";
import { lasting } from "../../shared/time-limit.ts";
import { recordJobs } from "./record-jobs.ts";

export interface RestoreDeps extends Intake, DeletionDeps {}

/** A restore begins this long before the moment that the database knows, because the clocks of Workers differ a little. */
const MARGIN_MS = 10 * 60_000;

/** How many steps of a restore one run takes. It begins none after this time. */
const STEPS_A_RUN = 20;
const BEGIN_WITHIN_MS = 30_000;

/** One object may name two hundred jobs that were pruned together. */
const JOBS_A_TRANSACTION = 100;

/**
 * If the database was set back, restore the records that it has lost; otherwise keep records of what it could lose. The order matters: a
 * database that was set back must not overwrite the record of what it does not know. This duty runs before all others.
 */
export async function keepRestorable(deps: RestoreDeps, now: number): Promise<number> {
  await noticeRestore(deps, now);
  const isTime = lasting(BEGIN_WITHIN_MS);
  let count = 0;
  for (let step = 0; step < STEPS_A_RUN && isTime(); step += 1) {
    const restore = await findRestore(deps.db);
    if (restore === null) return count + (await recordJobs(deps, now));
    count += await takeUpAgain(restore, deps, now);
  }
  return count;
}

/** Compare the database's clock with the bucket's. If the database is behind, it was set back, or it is new. */
async function noticeRestore({ db, media, journal }: RestoreDeps, now: number): Promise<void> {
  // The bucket's clock comes first: a run at the same time writes the database's clock first.
  const clock = await media.get(CLOCK_KEY);
  const known = await readCursor(db, CLOCK);
  const told = clock === null ? 0 : Number(await clock.text());
  const isBack = told > Number(known ?? 0);
  if (isBack) {
    await insertRestore(db, { foundAt: now, wentBackTo: Number(known ?? 0) });
    journal.record({ event: "database.restored" }, { wentBackTo: Number(known ?? 0), lastRanAt: told });
  }
  // This order keeps the bucket's clock from being ahead of a database that was not set back.
  await putClockOn(db, now);
  await media.put(CLOCK_KEY, String(now));
}

/** What the bucket has kept, in the order in which it is restored: deletions are repeated before anything comes back. */
const PHASES: readonly {
  readonly prefix: string;
  readonly objectsAStep: number;
  readonly takeUp: (objects: readonly R2Object[], deps: RestoreDeps, now: number) => Promise<number>;
}[] = [
  { prefix: REUSED_PREFIX, objectsAStep: 10, takeUp: noteReuses },
  { prefix: DELETED_PREFIX, objectsAStep: 50, takeUp: deleteAgain },
  { prefix: EDITED_PREFIX, objectsAStep: 50, takeUp: noteEdits },
  { prefix: RECORDS_PREFIX, objectsAStep: 50, takeUp: insertAgain },
];

/**
 * Take one step: note which results were reused since, repeat the deletions since, note edits, or insert again the jobs
 * described since. The sweep finds uploads, and the tasks themselves find stored results.
 */
async function takeUpAgain(restore: Restore, deps: RestoreDeps, now: number): Promise<number> {
  const { foundAt, wentBackTo, takenUpTo } = restore;
  const from = wentBackTo - MARGIN_MS;
  const index = Math.max(
    0,
    PHASES.findIndex(({ prefix }) => takenUpTo.startsWith(prefix)),
  );
  const phase = PHASES[index];
  if (phase === undefined) throw new Error(`no phase of a restore has '${takenUpTo}'`);
  const { prefix, objectsAStep, takeUp } = phase;
  const startAfter = takenUpTo.startsWith(prefix) ? takenUpTo : keyBefore(prefix, from);
  const page = { prefix, limit: objectsAStep, startAfter };
  const { objects, truncated } = await deps.media.list({ ...page, include: ["customMetadata"] });
  const count = await takeUp(objects, deps, now);
  const next = truncated ? phase : PHASES[index + 1];
  const last = objects.at(-1)?.key ?? startAfter;
  await moveRestore(deps.db, {
    foundAt,
    takenUpTo: next === undefined || next === phase ? last : keyBefore(next.prefix, from),
    doneAt: next === undefined ? now : null,
  });
  if (next === undefined) deps.journal.record({ event: "database.taken_up" }, { wentBackTo });
  return count;
}

async function noteReuses(objects: readonly R2Object[], { db, media }: RestoreDeps, now: number): Promise<number> {
  let count = 0;
  for (const { key } of objects) {
    const reuses = await reuseRecords.read(media, key);
    // Many jobs may have reused the same result.
    const labels = new Map<string, readonly Label[]>();
    for (const reuse of reuses) {
      if (!labels.has(reuse.reusedFrom)) labels.set(reuse.reusedFrom, await readLabels(media, reuse));
    }
    await insertReuses(
      db,
      reuses.map((reuse) => ({ ...reuse, labels: labels.get(reuse.reusedFrom) ?? [] })),
      now,
    );
    count += reuses.length;
  }
  return count;
}

async function deleteAgain(objects: readonly R2Object[], deps: RestoreDeps, now: number): Promise<number> {
  const deleted: { id: string; deletedAt: number; withSource: boolean }[] = [];
  for (const { key, customMetadata } of objects) {
    const about = { deletedAt: timeIn(key, DELETED_PREFIX), withSource: customMetadata?.["source"] === "true" };
    for (const id of await readDeleted(deps.media, key)) deleted.push({ id, ...about });
  }
  await insertTombstones(deps.db, deleted, now);
  let count = 0;
  for (let start = 0; start < deleted.length; start += JOBS_A_TRANSACTION) {
    // An upload that was sent again after the deletion has the same id.
    const targets = deleted
      .slice(start, start + JOBS_A_TRANSACTION)
      .map(({ id, deletedAt, withSource }) => ({ id, createdBefore: deletedAt, withSource }));
    const leftovers = await beginDeletions(deps.db, targets, { now });
    await deleteLeftovers(leftovers, deps, now);
    count += leftovers.length;
  }
  return count;
}

async function noteEdits(objects: readonly R2Object[], { db, media }: RestoreDeps): Promise<number> {
  const found = await Promise.all(objects.map(async ({ key }) => readEdit(media, key)));
  return insertVersions(
    db,
    found.filter((edit) => edit !== null),
  );
}

async function insertAgain(objects: readonly R2Object[], deps: RestoreDeps, now: number): Promise<number> {
  let count = 0;
  for (const { key } of objects) {
    const records = await jobRecords.read(deps.media, key);
    const missing = await findMissing(deps.db, records);
    const all = records.filter(({ id, isCancelled }) => missing.has(id) && isCancelled === 0);
    for (const lost of slicesOf(all)) count += await insertLost(lost, deps, now);
  }
  return count;
}

/**
 * A value bound in D1 has at most two megabytes (developers.cloudflare.com/d1/platform/limits): a slice has less than half of
 * them.
 */
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
  return (await takeIn({ jobs, uploads: [], alongside }, deps, now)).tasks.length;
}

/**
 * Build the same job again, under the same id. It gets no time limits, because the lost job may have met them. Null if the
 * record cannot be read.
 */
async function jobOf(record: JobRecord, { journal }: Pick<Intake, "journal">): Promise<NewJob | null> {
  const { id, ownerId, createdAt, kind, limitedKey } = record;
  const parsed = JobWork.safeParse({ kind, input: JSON.parse(record.input) });
  if (!parsed.success) {
    journal.fault({ event: "restore.failed", jobId: id, ownerId }, parsed.error);
    return null;
  }
  const terms = { ...DEFAULT_TERMS, reuse: record.isReusing === 1 };
  const limit = limitedKey === null ? {} : { limit: { keyId: limitedKey } };
  const job = await newJob(parsed.data, terms, { id, ownerId, createdAt, ...limit });
  const { priority, maxNeurons, tags, metadata, choice } = record;
  return { ...job, priority, maxNeurons, tags, metadata, choice, startBy: null, deadlineAt: null };
}
