// Prunes jobs in batches, as long as a run has time. The rows of most jobs name all their objects, which one call to R2 then deletes for
// hundreds of jobs. Only for the others must the bucket be listed, once for each job.
import { beginPruning, endPruning, findBack, findPrunings, type Pruning } from "../../shared/db/jobs/prunings.ts";
import type { ExpiredJob } from "../../shared/db/jobs/retention.ts";
import { deleteResults, type DeletionDeps, sideBySide } from "../../shared/jobs/delete-jobs.ts";
import { forgetRecords, rememberPruned } from "../../shared/restoring/records.ts";
import { patiently } from "../../shared/uploads/patient.ts";
import { artifactKey, PRUNING_PREFIX } from "../../shared/uploads/storage.ts";
import { oneByOne } from "./apart.ts";

/** R2 deletes at most this many objects in a call. */
const OBJECTS_A_CALL = 1000;

const FIRST_ATTEMPT = 1;

/** A prune of another run may still be under way. */
const OWN_MS = 5 * 60_000;
const FINISHED_A_RUN = 10;

/** How many jobs one transaction deletes. D1 runs one transaction at a time, and clients wait for it. */
const FEWEST = 1;
/** After this many jobs whose transaction D1 refuses, a call ends: perhaps D1 does not answer at all. */
const REFUSED_A_CALL = 3;
const FIRST = 50;
const MOST = 200;
const SHORT_MS = 150;
const LONG_MS = 500;

/** How many jobs the next transaction deletes, by how long the last one took: a job may have one passage or ten thousand. */
export function nextSize(size: number, tookMs: number): number {
  if (tookMs < SHORT_MS) return Math.min(MOST, size * 2);
  if (tookMs > LONG_MS) return Math.max(FEWEST, Math.floor(size / 2));
  return size;
}

/**
 * Prune those of the jobs that are ordinary, until `isTime` says that the run has no more time.
 * @returns how many were pruned, those that are not ordinary, and whether every job was looked at.
 */
export async function pruneMany(
  expired: readonly ExpiredJob[],
  deps: DeletionDeps,
  { now, isTime }: { now: number; isTime: () => boolean },
): Promise<{ readonly count: number; readonly others: readonly ExpiredJob[]; readonly isAll: boolean }> {
  const others: ExpiredJob[] = [];
  let count = 0;
  let size = FIRST;
  let start = 0;
  let refused = 0;
  while (start < expired.length && isTime()) {
    const some = expired.slice(start, start + size);
    const beganAt = Date.now();
    let pruning: Pruning | null;
    try {
      pruning = await beginPruning(deps.db, some, { id: `${PRUNING_PREFIX}${crypto.randomUUID()}`, now });
    } catch {
      // What these jobs leave may be too much for one row, or their rows too many for one transaction.
      if (size > FEWEST) {
        size = Math.max(FEWEST, Math.floor(size / 4));
        continue;
      }
      refused += 1;
      others.push(...some); // they are tried in another way, and the jobs after them must not wait for ever
      start += some.length;
      if (refused === REFUSED_A_CALL) break;
      continue;
    }
    start += some.length;
    size = nextSize(size, Date.now() - beganAt);
    const pruned = new Set(pruning?.jobs.map(({ id }) => id));
    others.push(...some.filter(({ id }) => !pruned.has(id)));
    if (pruning === null) continue;
    await finishPruning(pruning, deps);
    count += pruned.size;
  }
  return { count, others, isAll: start >= expired.length };
}

/**
 * Delete what is left of prunes that stopped half-way. This is a separate duty: if the objects cannot be deleted, pruning must still go on, or the database
 * would fill up.
 */
export async function finishPrunings(deps: DeletionDeps, now: number): Promise<number> {
  const prunings = await findPrunings(deps.db, now - OWN_MS, FINISHED_A_RUN);
  await oneByOne(prunings, (pruning) => finishPruning(pruning, deps));
  return prunings.length;
}

/** May be called again at any time: the row goes last. */
async function finishPruning({ id, prunedAt, jobs }: Pruning, deps: DeletionDeps): Promise<void> {
  const { db, media, passages } = deps;
  const remembered = jobs.filter(({ isRemembered }) => isRemembered === 1).map((job) => job.id);
  await rememberPruned(media, { id, prunedAt, jobIds: remembered });
  await forgetRecords(
    media,
    jobs.map((job) => ({ jobId: job.id, recordedAt: job.recordedAt })),
  );
  const back = await findBack(db, jobs);
  const gone = jobs.filter((job) => !back.has(job.id));
  const keys = gone.flatMap((job) => (job.names ?? []).map((name) => artifactKey(job.id, FIRST_ATTEMPT, name)));
  for (let start = 0; start < keys.length; start += OBJECTS_A_CALL) {
    await patiently(() => media.delete(keys.slice(start, start + OBJECTS_A_CALL)));
  }
  await sideBySide(
    gone.filter((job) => job.names === null),
    (job) => deleteResults(job.id, deps),
  );
  await passages.forget(gone.flatMap(({ passageIds }) => passageIds));
  await endPruning(db, id);
}
