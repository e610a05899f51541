import { serveFromArchive } from "../archive/serve.ts";
import { type InsertedJobs, insertJobs } from "../db/jobs/jobs.ts";
import type { UploadRecord } from "../uploads/announcement.ts";
import { announce } from "./announce.ts";
import type { Intake } from "./intake.ts";
import type { Journal } from "./journal.ts";
import type { NewJob } from "./new-job.ts";

/**
 * Insert jobs with the uploads that they come from, and uploads that get no job, in one transaction. Record what is new, and
 * wake consumers for it.
 */
export async function takeIn(
  taken: {
    readonly jobs: readonly NewJob[];
    readonly uploads: readonly UploadRecord[];
    readonly alongside?: readonly D1PreparedStatement[];
  },
  { db, media, journal, tasks, callsAMinute }: Pick<Intake, "db" | "media" | "journal" | "tasks" | "callsAMinute">,
  now: number,
): Promise<InsertedJobs> {
  const inserted = await insertJobs(db, taken, now);
  const refused = new Map(inserted.refused.map(({ key, etag, ignoredReason }) => [`${key} ${etag}`, ignoredReason]));
  const uploads = taken.uploads.map((upload) => {
    const ignoredReason = refused.get(`${upload.key} ${upload.etag}`);
    return ignoredReason === undefined ? upload : { ...upload, jobId: null, ignoredReason };
  });
  recordIntake(journal, { jobs: taken.jobs, uploads, taskIds: inserted.tasks });
  await announce(inserted, { journal, tasks, db, callsAMinute });
  if (inserted.followers.length > 0) await serveFromArchive(inserted.followers, { db, media, journal, tasks }, now);
  return inserted;
}

/** Record what was taken in. A job, or an upload's job, is new only if its task is among `taskIds`. */
function recordIntake(
  journal: Journal,
  taken: { jobs: readonly NewJob[]; uploads: readonly UploadRecord[]; taskIds: readonly string[] },
): void {
  const fresh = taken.jobs.filter((job) => taken.taskIds.includes(job.taskId));
  const freshIds = new Set(fresh.map((job) => job.id));
  const objects = new Map<string, { readonly key: string; readonly sizeBytes: number }>();
  // The object's key is the client's own text: in the line it helps to find the object, in a point it would be kept.
  for (const { key, jobId, ownerId, sizeBytes, ignoredReason } of taken.uploads) {
    if (jobId === null) {
      journal.record({ event: "upload.ignored", ownerId }, { key, sizeBytes, reason: ignoredReason });
    } else if (freshIds.has(jobId)) {
      objects.set(jobId, { key, sizeBytes });
    } else {
      journal.record({ event: "upload.known", jobId, ownerId }, { key, sizeBytes });
    }
  }
  for (const { id, kind, taskId, ownerId } of fresh) {
    journal.record({ event: "job.queued", kind, jobId: id, taskId, ownerId }, objects.get(id));
  }
}
