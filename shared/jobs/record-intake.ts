import type { UploadRecord } from "../db/jobs/jobs.ts";
import type { Journal } from "./journal.ts";
import type { NewJob } from "./new-job.ts";

/** Note what was taken in. Of jobs and uploads only those are new whose task is among `taskIds`. */
export function recordIntake(
  journal: Journal,
  taken: { jobs: readonly NewJob[]; uploads: readonly UploadRecord[]; taskIds: readonly string[] },
): void {
  const fresh = taken.jobs.filter((job) => taken.taskIds.includes(job.taskId));
  const freshIds = new Set(fresh.map((job) => job.id));
  // The object's key is the client's word for it: in the line it helps to find the object, in a point it would be kept.
  for (const { key, jobId, ownerId, sizeBytes, ignoredReason } of taken.uploads) {
    if (jobId === null) {
      journal.record({ event: "upload.ignored", ownerId }, { key, sizeBytes, reason: ignoredReason });
    } else {
      const event = freshIds.has(jobId) ? "upload.accepted" : "upload.known";
      journal.record({ event, jobId, ownerId }, { key, sizeBytes });
    }
  }
  for (const { id, kind, taskId, ownerId } of fresh) {
    journal.record({ event: "job.queued", kind, jobId: id, taskId, ownerId });
  }
}
