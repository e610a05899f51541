import { retryTransient } from "../../shared/db/transient.ts";
import type { Intake } from "../../shared/jobs/intake.ts";
import { uploadJobId, type Announcement, type UploadRecord } from "../../shared/uploads/announcement.ts";
import { newJob, type NewJob } from "../../shared/jobs/new-job.ts";
import { takeIn } from "../../shared/jobs/take-in.ts";
import { describeUpload } from "../../shared/jobs/describe-job.ts";
import { type FoundObject, ifAtLimit, limitOf, type Origins, readOrigins, refuseUpload } from "./limit-upload.ts";

/**
 * Create the job of each object, or record why it gets none. An object that is announced twice gets one job.
 * @returns the objects that could not be read this time; they do not hold back the others.
 * @throws if D1 cannot be reached; nothing is recorded then, and the call may be repeated.
 */
export async function ingestUploads(
  announcements: readonly Announcement[],
  deps: Intake,
): Promise<ReadonlySet<Announcement>> {
  const now = Date.now();
  const failed = new Set<Announcement>();
  const noteFailed = (announcement: Announcement) => (error: unknown) => {
    deps.journal.fault({ event: "inspect.failed" }, error, { key: announcement.key });
    failed.add(announcement);
    return null;
  };
  const heads = await Promise.all(
    announcements.map((announcement) => findObject(announcement, deps).catch(noteFailed(announcement))),
  );
  const found = heads.filter((one) => one !== null);
  const origins = await readOrigins(found, deps);
  const read = await Promise.all(
    found.map((one) => inspect(one, origins, deps, now).catch(noteFailed(one.announcement))),
  );
  const inspected = read.filter((one) => one !== null);
  if (inspected.length === 0) return failed;
  const jobs = inspected.flatMap(({ job }) => job ?? []);
  const uploads = inspected.map(({ upload }) => upload);
  await retryTransient(() => takeIn({ jobs, uploads }, deps, now));
  return failed;
}

async function findObject(announcement: Announcement, { media }: Intake): Promise<FoundObject> {
  return { announcement, object: await media.head(announcement.key) };
}

async function inspect(
  { announcement, object }: FoundObject,
  origins: Origins,
  deps: Intake,
  now: number,
): Promise<{ job?: NewJob; upload: UploadRecord }> {
  const { operatorId } = deps;
  const ignored = (ignoredReason: string, ownerId = operatorId, sizeBytes = 0) => ({
    upload: { ...announcement, ownerId, sizeBytes, jobId: null, ignoredReason },
  });
  const { key, etag } = announcement;
  if (object === null) return ignored("the object was deleted before it was read");
  const ownerId = object.customMetadata?.["owner"] ?? operatorId;
  // The new version has its own announcement.
  if (object.etag !== etag) return ignored("the object was overwritten before it was read", ownerId, object.size);

  const refusal = refuseUpload(object, ownerId, origins);
  if (refusal !== null) return ignored(refusal, ownerId, object.size);
  const id = await uploadJobId(announcement);
  const stored = { ...announcement, storedAt: object.uploaded.getTime() };
  const upload = { ...stored, ownerId, sizeBytes: object.size, jobId: id, ignoredReason: null };
  if (origins.taken.get(key)?.includes(etag) === true) return { upload };

  const source = { key, etag, sizeBytes: object.size };
  const described = await describeUpload({ source, metadata: object.customMetadata ?? {} }, deps, now);
  if (described.type === "gone") {
    return ignored("the object was overwritten or deleted while it was read", ownerId, object.size);
  }
  if (described.type !== "job") return ignored(described.reason, ownerId, object.size);

  const { work, choice, terms, marks } = described.job;
  const about = { id, ownerId, createdAt: now, marks, choice, upload: stored };
  const limit = limitOf(object, origins);
  const job = await newJob(work, terms, { ...about, ...(limit && { limit }) });
  return { job, upload: { ...upload, ifRefused: ifAtLimit(limit) } };
}
