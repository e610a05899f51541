import { insertJobs, type UploadRecord } from "../../shared/db/jobs/jobs.ts";
import { decideModel } from "../../shared/models/decide-model.ts";
import { retryTransient } from "../../shared/db/transient.ts";
import type { UploadOrigins } from "../../shared/db/uploads/upload-origins.ts";
import type { Intake } from "../../shared/jobs/intake.ts";
import { uploadJobId } from "../../shared/jobs/job.ts";
import { newJob, type NewJob } from "../../shared/jobs/new-job.ts";
import { recordChanges } from "../../shared/jobs/record-changes.ts";
import { recordIntake } from "../../shared/jobs/record-intake.ts";
import { readHead } from "../../shared/uploads/read-head.ts";
import { routeUpload } from "../../shared/uploads/route-upload.ts";
import type { Announcement } from "../../shared/uploads/upload-event.ts";
import { wake } from "../../shared/jobs/wake.ts";
import { type FoundObject, ifAtLimit, limitOf, readOrigins, refuseUpload } from "./limit-upload.ts";

/**
 * Give each object its job, or record why it gets none. The same object twice is one job.
 * @returns those that could not be read just now; they hold back no others.
 * @throws if D1 cannot be reached; nothing is recorded then, and it may be called again.
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
  const times = { now, ringGraceMs: deps.ringGraceMs };
  const given = inspected.map(({ upload }) => upload);
  const inserted = await retryTransient(() => insertJobs(deps.db, { jobs, uploads: given }, times));
  const refused = new Map(inserted.refused.map(({ key, etag, ignoredReason }) => [`${key} ${etag}`, ignoredReason]));
  const uploads = given.map((upload) => {
    const ignoredReason = refused.get(`${upload.key} ${upload.etag}`);
    return ignoredReason === undefined ? upload : { ...upload, jobId: null, ignoredReason };
  });
  recordIntake(deps.journal, { jobs, uploads, taskIds: inserted.tasks });
  recordChanges(deps.journal, inserted.released);
  await wake(deps.tasks, inserted.ready);
  return failed;
}

async function findObject(announcement: Announcement, { media }: Intake): Promise<FoundObject> {
  return { announcement, object: await media.head(announcement.key) };
}

async function inspect(
  { announcement, object }: FoundObject,
  origins: UploadOrigins,
  { db, media, operatorId, ringGraceMs }: Intake,
  now: number,
): Promise<{ job?: NewJob; upload: UploadRecord }> {
  const ignored = (ignoredReason: string, ownerId = operatorId, sizeBytes = 0) => ({
    upload: { ...announcement, ownerId, sizeBytes, jobId: null, ignoredReason },
  });
  const { key, etag } = announcement;
  if (object === null) return ignored("the object was deleted before it was read");
  const ownerId = object.customMetadata?.["owner"] ?? operatorId;
  // The new version has an announcement of its own.
  if (object.etag !== etag) return ignored("the object was overwritten before it was read", ownerId, object.size);

  const refusal = refuseUpload(object, ownerId, origins);
  if (refusal !== null) return ignored(refusal, ownerId, object.size);
  const id = await uploadJobId(announcement);
  const upload = { ...announcement, ownerId, sizeBytes: object.size, jobId: id, ignoredReason: null };
  if (origins.taken.get(key)?.includes(etag) === true) return { upload };

  const source = { key, etag, sizeBytes: object.size };
  const head = object.size === 0 ? new Uint8Array() : await readHead(media, { key, etag });
  if (head === null) return ignored("the object was overwritten or deleted while it was read", ownerId, object.size);
  const route = await routeUpload({ source, head, metadata: object.customMetadata ?? {} });
  if (route.type === "ignored") return ignored(route.reason, ownerId, object.size);

  const chosen = await decideModel(db, route, now);
  if (!chosen.ok) return ignored(chosen.reason, ownerId, object.size);

  const { terms, marks } = route;
  const { work, choice } = chosen;
  const about = { id, ownerId, createdAt: now, ringGraceMs, marks, choice, upload: announcement };
  const limit = limitOf(object, origins);
  const job = await newJob(work, terms, { ...about, ...(limit && { limit }) });
  return { job, upload: { ...upload, ifRefused: ifAtLimit(limit) } };
}
