import { insertJobs, type UploadRecord } from "../shared/db/jobs.ts";
import { retryTransient } from "../shared/db/transient.ts";
import type { Intake } from "../shared/intake.ts";
import { uploadJobId } from "../shared/job.ts";
import { SNIFF_BYTES } from "../shared/limits.ts";
import { newJob, type NewJob } from "../shared/new-job.ts";
import { routeUpload } from "../shared/route-upload.ts";
import { isInboxKey } from "../shared/storage.ts";
import { type Announcement, UploadEvent } from "../shared/upload-event.ts";
import { wake } from "../shared/wake.ts";
import { readMessages } from "./read-messages.ts";

/** R2 event notifications to jobs. Never throws. */
export async function ingestBatch(batch: MessageBatch, deps: Intake): Promise<void> {
  const messages = await readMessages(batch, UploadEvent, { ...deps, now: Date.now() });
  const announcements = messages.flatMap(({ body }) => announcementOf(body, deps.mediaBucket));
  try {
    await ingestUploads(announcements, deps);
    for (const { message } of messages) message.ack();
  } catch (error) {
    console.error({ event: "ingest.failed", uploads: announcements.length, error: String(error) });
    for (const { message } of messages) message.retry();
  }
}

/**
 * Give each object its job, or record why it gets none. The same object twice is one job.
 * @throws if R2 or D1 cannot be reached; nothing is recorded then, and it may be called again.
 */
export async function ingestUploads(announcements: readonly Announcement[], deps: Intake): Promise<void> {
  if (announcements.length === 0) return;
  const now = Date.now();
  const found = await Promise.all(announcements.map((announcement) => inspect(announcement, deps, now)));
  const jobs = found.flatMap(({ job }) => job ?? []);
  const uploads = found.map(({ upload }) => upload);
  await wake(deps.tasks, await retryTransient(() => insertJobs(deps.db, { jobs, uploads }, now)));
  for (const { key, jobId, ignoredReason } of uploads) {
    console.log({ event: jobId === null ? "upload.ignored" : "upload.accepted", key, jobId, reason: ignoredReason });
  }
}

function announcementOf(event: UploadEvent, mediaBucket: string): Announcement[] {
  switch (event.action) {
    case "DeleteObject":
    case "LifecycleDeletion":
      return [];
    case "PutObject":
    case "CopyObject":
    case "CompleteMultipartUpload":
      // A rule without a prefix, or on another bucket, must not turn our own results into jobs.
      if (event.bucket !== mediaBucket || !isInboxKey(event.object.key)) return [];
      return [{ bucket: event.bucket, key: event.object.key, etag: event.object.eTag }];
  }
}

async function inspect(
  announcement: Announcement,
  { media, operatorId, ringGraceMs }: Intake,
  now: number,
): Promise<{ job?: NewJob; upload: UploadRecord }> {
  const ignored = (ignoredReason: string, ownerId = operatorId, sizeBytes = 0) => ({
    upload: { ...announcement, ownerId, sizeBytes, jobId: null, ignoredReason },
  });
  const { key, etag } = announcement;
  const object = await media.head(key);
  if (object === null) return ignored("the object was deleted before it was read");
  const ownerId = object.customMetadata?.["owner"] ?? operatorId;
  // The new version has an announcement of its own.
  if (object.etag !== etag) return ignored("the object was overwritten before it was read", ownerId, object.size);

  const source = { key, etag, sizeBytes: object.size };
  const head = object.size === 0 ? new Uint8Array() : await readHead(media, key, etag);
  if (head === null) return ignored("the object was overwritten or deleted while it was read", ownerId, object.size);
  const route = await routeUpload({ source, head, metadata: object.customMetadata ?? {} });
  if (route.type === "ignored") return ignored(route.reason, ownerId, object.size);

  const id = await uploadJobId(announcement);
  return {
    job: newJob(route.work, { id, ownerId, createdAt: now, ringGraceMs, upload: announcement }),
    upload: { ...announcement, ownerId, sizeBytes: object.size, jobId: id, ignoredReason: null },
  };
}

async function readHead(media: R2Bucket, key: string, etag: string): Promise<Uint8Array | null> {
  const object = await media.get(key, { range: { offset: 0, length: SNIFF_BYTES }, onlyIf: { etagMatches: etag } });
  return object !== null && "body" in object ? new Uint8Array(await object.arrayBuffer()) : null;
}
