// What the bucket knows about jobs besides their results: the descriptions that only D1 has, and which jobs were deleted. It is
// read only when the database has been set back to an earlier moment.
import type { JobKind } from "../kinds/index.ts";
import { patiently } from "../uploads/patient.ts";
import { deletedJobIn, deletedKey, prunedIdIn, recordKey, recordsPrefix } from "../uploads/storage.ts";
import { keptByMinute } from "./by-minute.ts";

/** A job as it was described. Times are epoch milliseconds. */
export interface JobRecord {
  readonly id: string;
  readonly ownerId: string;
  readonly kind: JobKind;
  /** JSON. */
  readonly input: string;
  readonly createdAt: number;
  readonly priority: number;
  readonly maxNeurons: number | null;
  readonly limitedKey: string | null;
  /** JSON; null for none. */
  readonly tags: string | null;
  readonly metadata: string | null;
  readonly choice: string | null;
  /** Whether an identical job's result is enough: the job has reused one, or waits for one. */
  readonly isReusing: number;
  readonly isCancelled: number;
  /** JSON of a `Prediction`, with its events and input as JSON; null for a job that is not a prediction. */
  readonly prediction: string | null;
}

const OBJECTS_A_CALL = 1000;

/** Descriptions of jobs, by the time when they were submitted. */
export const jobRecords = keptByMinute<JobRecord>(({ createdAt }) => createdAt, recordKey);

/** Remove jobs from the records, because the records contain their inputs. */
export async function forgetRecords(
  media: R2Bucket,
  jobs: readonly { jobId: string; recordedAt: number | null }[],
): Promise<void> {
  const recorded = jobs.flatMap(({ jobId, recordedAt }) => (recordedAt === null ? [] : [{ jobId, recordedAt }]));
  for (const [prefix, some] of Map.groupBy(recorded, ({ recordedAt }) => recordsPrefix(recordedAt))) {
    const ids = new Set(some.map(({ jobId }) => jobId));
    const { objects } = await patiently(() => media.list({ prefix, limit: OBJECTS_A_CALL }));
    for (const { key } of objects) await forgetIn(media, key, ids);
  }
}

/** Repeat if the object was changed between reading and writing. */
async function forgetIn(media: R2Bucket, key: string, ids: ReadonlySet<string>): Promise<void> {
  for (;;) {
    const object = await patiently(() => media.get(key));
    if (object === null) return;
    const jobs = await object.json<JobRecord[]>();
    const left = jobs.filter(({ id }) => !ids.has(id));
    if (left.length === jobs.length) return;
    if (left.length === 0) return patiently(() => media.delete(key));
    const onlyIf = { etagMatches: object.etag };
    const isWritten = await patiently(() => media.put(key, JSON.stringify(left), { onlyIf }));
    if (isWritten !== null) return;
  }
}

/** Remember that these jobs were deleted. */
export async function rememberDeleted(
  media: R2Bucket,
  jobs: readonly { jobId: string; rememberedAt: number | null; source: unknown }[],
): Promise<void> {
  for (const { jobId, rememberedAt, source } of jobs) {
    if (rememberedAt === null) continue;
    const customMetadata: Record<string, string> = source === null ? {} : { source: "true" };
    // The first record is complete: what is left is deleted a second time without its source.
    const onlyIf = { etagDoesNotMatch: "*" };
    await patiently(() => media.put(deletedKey(rememberedAt, jobId), "", { customMetadata, onlyIf }));
  }
}

/** Remember that these jobs were pruned, in one object. */
export async function rememberPruned(
  media: R2Bucket,
  { id, prunedAt, jobIds }: { id: string; prunedAt: number; jobIds: readonly string[] },
): Promise<void> {
  if (jobIds.length > 0) await patiently(() => media.put(deletedKey(prunedAt, id), JSON.stringify(jobIds)));
}

/** Return the jobs that such an object says were deleted; none if it is gone. */
export async function readDeleted(media: R2Bucket, key: string): Promise<readonly string[]> {
  if (prunedIdIn(key) === null) return [deletedJobIn(key)];
  return patiently(async () => (await (await media.get(key))?.json<string[]>()) ?? []); // our own JSON, from rememberPruned
}
