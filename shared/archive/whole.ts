import { endReuse, findPlace, insertContents } from "../db/archive/bring-back.ts";
import { findJobs, readJob } from "../db/jobs/reads.ts";
import type { JobDetail, JobRow } from "../jobs/job-detail.ts";
import { patiently } from "../uploads/patient.ts";
import { archiveKey } from "../uploads/storage.ts";
import { type LinePlace, readLine } from "./line.ts";
import { unseal } from "./seal.ts";

export interface WholeDeps {
  readonly db: D1Database;
  readonly media: R2Bucket;
}

interface OwnJob {
  readonly id: string;
  readonly ownerId: string;
}

/**
 * Read something of a job, wherever the job is. `read` finds only jobs that are whole in the database, and returns null for any other.
 * An archived job is brought back, and read again. A job that is not archived costs nothing more; one that does not exist costs one
 * row.
 */
export async function readWhole<T>(deps: WholeDeps, job: OwnJob, read: () => Promise<T | null>): Promise<T | null> {
  return (await read()) ?? ((await bringBack(deps, job)) ? read() : null);
}

/** Read a job with all its details, wherever it is; null if this owner has no such job. */
export async function readWholeJob(deps: WholeDeps, job: OwnJob): Promise<JobDetail | null> {
  return readWhole(deps, job, () => readJob(deps.db, job));
}

/** Find jobs of this owner by their ids, each with its whole input, in no particular order. */
export async function findWholeJobs(
  deps: WholeDeps,
  { ids, ownerId }: { readonly ids: readonly string[]; readonly ownerId: string },
): Promise<readonly JobRow[]> {
  const found = await findJobs(deps.db, { ids, ownerId });
  const archived = found.filter(({ isArchived }) => isArchived === 1);
  if (archived.length === 0) return found;
  for (const { id } of archived) await bringBack(deps, { id, ownerId });
  return findJobs(deps.db, { ids, ownerId });
}

/** The bucket does not have the line, or has another: asking again does not help. */
export class LineLost extends Error {
  override readonly name = "LineLost";
}

/**
 * Bring a job back into the database if it is archived. It is archived again a day later at the earliest.
 * @returns whether this owner has such a job, which is whole now.
 */
export async function bringBack({ db, media }: WholeDeps, job: OwnJob, now = Date.now()): Promise<boolean> {
  const found = await findPlace(db, job);
  if (found === null) return false;
  if (found.place === null) return true;
  const { place } = found;
  const line = await openLine(media, place).catch(async (error: unknown) => {
    // Jobs that wait for its result would wait for ever.
    if (error instanceof LineLost) await endReuse(db, job.id, place);
    throw error;
  });
  await insertContents(db, job.id, place, readLine(job.id, line), now);
  return true;
}

/** Read one line of an object. */
export async function openLine(media: R2Bucket, { archiveId, offset, bytes, secret }: LinePlace): Promise<string> {
  const key = archiveKey(archiveId);
  const sealed = await patiently(async () =>
    (await media.get(key, { range: { offset, length: bytes } }))?.arrayBuffer(),
  );
  if (sealed === undefined) throw new LineLost(`there is no object '${key}'`);
  try {
    return await unseal({ bytes: sealed, secret });
  } catch (error) {
    throw new LineLost(`object '${key}' does not have the line at ${offset}`, { cause: error });
  }
}
