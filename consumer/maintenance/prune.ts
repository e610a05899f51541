// Duties of maintenance that delete: jobs older than their owner's retention, and what deletions have left behind.
import { beginDeletions, findLeftovers, type Leftover } from "../../shared/db/jobs/deletions.ts";
import {
  deleteStrays,
  type ExpiredJob,
  findExpiredJobs,
  listRetentions,
  RETENTION_CURSOR,
} from "../../shared/db/jobs/retention.ts";
import { readCursor, writeCursor } from "../../shared/db/jobs/maintenance.ts";
import { deleteRestores, isAnyRestoreOver, overBefore } from "../../shared/db/jobs/restores.ts";
import { deleteLapsedClaims, findLapsedClaims } from "../../shared/db/jobs/reuses.ts";
import { deleteLeftovers, deleteResults, type DeletionDeps } from "../../shared/jobs/delete-jobs.ts";
import { FILES_PREFIX, fileStoredAt } from "../../shared/uploads/storage.ts";
import { DAY_MS } from "../../shared/durations.ts";
import { lasting } from "../../shared/time-limit.ts";
import { fromAnyOn, togetherOrApart } from "./apart.ts";
import { pruneMany } from "./prune-many.ts";

export interface PruneDeps extends DeletionDeps {
  /** How long ended jobs are kept if their owner has no retention of their own. */
  readonly retentionDays: number;
}

/**
 * A run begins no transaction after this time: the duties after it, of which the archiver takes fifteen seconds, are to end within the
 * same minute. D1 works for less than half of this time; the bucket takes the rest.
 */
const BEGIN_WITHIN_MS = 25_000;

/**
 * Jobs that are not pruned with others. Each takes at most about ten calls to R2: for its mark, its record, its results, the results that
 * it shared, and its source.
 */
const JOBS_A_TRANSACTION = 50;
const JOBS_A_RUN = 50;
/** A run looks at no more jobs after it has found this many that stay: an owner may keep millions for years. */
const KEPT_A_RUN = 10_000;
const FILES_A_RUN = 1000;
const FILES_CURSOR = "files";

/**
 * Delete jobs that ended longer ago than the retention, with their results, as many as a run has time for. Sources in the inbox
 * belong to the client and stay.
 */
export async function pruneFinalized(deps: PruneDeps, now: number): Promise<number> {
  const { db, retentionDays } = deps;
  const isTime = lasting(BEGIN_WITHIN_MS);
  let count = 0;
  let kept = 0;
  while (isTime() && kept < KEPT_A_RUN) {
    const { jobs, keptCount, next, isRoundOver } = await findExpiredJobs(db, { now, days: retentionDays });
    try {
      const many = await pruneMany(fromAnyOn(jobs), deps, { now, isTime });
      const single = await pruneSingly(many.others, deps, { now, isTime });
      count += many.count + single.count;
      if (!many.isAll || !single.isAll) break; // the next run finds the others again
    } catch (error) {
      // They come round again. With a thousand kept jobs, one that cannot be deleted would hold up all after them.
      await writeCursor(db, RETENTION_CURSOR, next);
      throw error;
    }
    kept += keptCount;
    await writeCursor(db, RETENTION_CURSOR, next);
    if (isRoundOver) break;
  }
  await deleteStrays(db, now - retentionDays * DAY_MS);
  return count;
}

async function pruneSingly(
  jobs: readonly ExpiredJob[],
  deps: PruneDeps,
  { now, isTime }: { now: number; isTime: () => boolean },
): Promise<{ readonly count: number; readonly isAll: boolean }> {
  let start = 0;
  let count = 0;
  for (; start < jobs.length && isTime(); start += JOBS_A_TRANSACTION) {
    const leftovers: Leftover[] = [];
    try {
      await togetherOrApart(jobs.slice(start, start + JOBS_A_TRANSACTION), async (some) => {
        leftovers.push(...(await beginDeletions(deps.db, some, { now })));
      });
    } finally {
      count += leftovers.length; // another run may have pruned the others
      await deleteLeftovers(leftovers, deps, now);
    }
  }
  return { count, isAll: start >= jobs.length };
}

/**
 * Forget restores whose tasks have all ended, with the facts that were collected for them. Results that were kept for jobs that
 * were expected to come back are deleted first: afterwards no row names them.
 */
export async function forgetRestores({ db, media }: PruneDeps, now: number): Promise<number> {
  const before = overBefore(now);
  if (!(await isAnyRestoreOver(db, before))) return 0;
  const originals = await findLapsedClaims(db, before, JOBS_A_RUN);
  for (const jobId of originals) await deleteResults(jobId, { db, media }, before);
  await deleteLapsedClaims(db, originals, before);
  // Otherwise the next run continues.
  if (originals.length < JOBS_A_RUN) await deleteRestores(db, before);
  return originals.length;
}

/** Continue deletions that stopped half-way, and look again for results of attempts that were running. */
export async function finishDeletions(deps: PruneDeps, now: number): Promise<number> {
  const leftovers = await findLeftovers(deps.db, now, JOBS_A_RUN);
  await togetherOrApart(leftovers, async (some) => void (await deleteLeftovers(some, deps, now)));
  return leftovers.length;
}

/**
 * Delete files that were sent to the dialects. A file is kept as long after its upload as a job is after its end. The oldest
 * come first.
 */
export async function pruneFiles({ db, media, retentionDays }: PruneDeps, now: number): Promise<number> {
  const days = new Map((await listRetentions(db, null)).map((retention) => [retention.ownerId, retention.days]));
  const cursor = await readCursor(db, FILES_CURSOR);
  const { objects, truncated } = await media.list({
    prefix: FILES_PREFIX,
    limit: FILES_A_RUN,
    include: ["customMetadata"],
    ...(cursor !== null && { startAfter: cursor }),
  });
  const storedAt = (key: string) => fileStoredAt(key) ?? now;
  const old = objects.filter(({ key, customMetadata }) => {
    const kept = days.get(customMetadata?.["owner"] ?? "") ?? retentionDays;
    return storedAt(key) < now - kept * DAY_MS;
  });
  if (old.length > 0) await media.delete(old.map(({ key }) => key));
  // Files that are kept longer are skipped. After the first file that no owner's retention has reached, there is nothing to
  // delete.
  const youngest = now - Math.min(retentionDays, ...days.values()) * DAY_MS;
  const last = objects.at(-1)?.key;
  const next = truncated && last !== undefined && storedAt(last) < youngest ? last : null;
  if (next !== cursor) await writeCursor(db, FILES_CURSOR, next);
  return old.length;
}
