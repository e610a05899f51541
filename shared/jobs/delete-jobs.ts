// What a deleted job leaves outside D1: its objects, its vectors and, if that was asked for, its source.
import { forgetAnswers } from "./forget-answers.ts";
import { forgetSource, isSource, type Leftover, readClaims, settleLeftovers } from "../db/jobs/deletions.ts";
import { patiently } from "../uploads/patient.ts";
import { forgetRecords, rememberDeleted } from "../restoring/records.ts";
import type { PassageIndex } from "../search/passage.ts";
import { uploadJobId } from "../uploads/announcement.ts";
import { MEDIA_BUCKET, resultsPrefix } from "../uploads/storage.ts";

export interface DeletionDeps {
  readonly db: D1Database;
  readonly media: R2Bucket;
  /** The index that holds the jobs' vectors. */
  readonly passages: PassageIndex;
}

/** What happened to a source: it was deleted, or another job reads it (`in_use`), or it is gone or replaced (`none`). */
export type SourceFate = "deleted" | "in_use" | "none";

const AT_ONCE = 4;

/** R2 lists and deletes at most this many objects in a call. */
const OBJECTS_A_CALL = 1000;

/**
 * Delete what is left of jobs that D1 has forgotten. May be called again at any time: the same rows find what it did not reach.
 * @returns what happened to their sources, in order; null if none was to be deleted.
 */
export async function deleteLeftovers(
  leftovers: readonly Leftover[],
  deps: DeletionDeps,
  now: number,
): Promise<readonly (SourceFate | null)[]> {
  const fates: (SourceFate | null)[] = leftovers.map(() => null);
  await rememberDeleted(deps.media, leftovers);
  for (const { jobId, ownerId, askedAt } of leftovers) {
    // If only the retention was over, the answers are not kept any more.
    if (askedAt !== null) await forgetAnswers(deps.db, { id: jobId, ownerId });
  }
  await forgetRecords(deps.media, leftovers);
  await sideBySide(leftovers, async ({ jobId, reusedFrom, source }, index) => {
    await deleteResults(jobId, deps);
    if (reusedFrom !== null) await deleteResults(reusedFrom, deps);
    if (source !== null) fates[index] = await deleteSource(source, jobId, deps);
  });
  await deps.passages.forget(leftovers.flatMap(({ passageIds }) => passageIds));
  if (leftovers.length > 0) {
    await settleLeftovers(
      deps.db,
      leftovers.map(({ jobId }) => jobId),
      now,
    );
  }
  return fates;
}

/** Call for each, some at the same time: an invocation has six connections, and other work of it may need one. */
export async function sideBySide<One>(
  all: readonly One[],
  call: (one: One, index: number) => Promise<void>,
): Promise<void> {
  const left = all.entries();
  const next = async (): Promise<void> => {
    for (const [index, one] of left) await call(one, index);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, next));
}

/**
 * Delete what a job stored, unless the job exists. Results that other jobs show stay until the last of those jobs is deleted.
 * @param lapsedBefore see `readClaims`; if it is left out, all claims count.
 */
export async function deleteResults(
  jobId: string,
  { db, media }: Pick<DeletionDeps, "db" | "media">,
  lapsedBefore: number = 0,
): Promise<void> {
  const { isThere, keys: claimed } = await readClaims(db, jobId, lapsedBefore);
  if (isThere) return;
  for (let after: string | undefined; ;) {
    const from: R2ListOptions = {
      prefix: resultsPrefix(jobId),
      limit: OBJECTS_A_CALL,
      ...(after && { startAfter: after }),
    };
    const { objects, truncated } = await patiently(() => media.list(from));
    const keys = objects.map(({ key }) => key).filter((key) => !claimed.has(key));
    if (keys.length > 0) await patiently(() => media.delete(keys));
    if (!truncated) return;
    after = objects.at(-1)?.key;
  }
}

/** The object is deleted first: if only its row were gone, the sweep of the inbox would find a new upload in it. */
async function deleteSource(
  { key, etag }: NonNullable<Leftover["source"]>,
  jobId: string,
  { db, media }: DeletionDeps,
): Promise<SourceFate> {
  const object = await patiently(() => media.head(key));
  const source = { key, etag: etag ?? object?.etag ?? "" };
  if (etag === null && (await uploadJobId({ bucket: MEDIA_BUCKET, ...source })) !== jobId) return "none";
  if (await isSource(db, source)) return "in_use";
  const isTheSame = object?.etag === source.etag;
  if (isTheSame) await patiently(() => media.delete(source.key));
  await forgetSource(db, source);
  return isTheSame ? "deleted" : "none";
}
