import type { Announcement } from "./upload-event.ts";

/** An upload with what became of it: a job, or the reason why none. */
export interface UploadRecord extends Announcement {
  readonly ownerId: string;
  readonly sizeBytes: number;
  readonly jobId: string | null;
  readonly ignoredReason: string | null;
  /** Of an upload with a job: why it is ignored if its key has as many as it may. Without one it is not recorded then. */
  readonly ifRefused?: string;
}

/** Why an object is ignored whose key became a job before, with other bytes. */
export const HAS_ITS_JOB = "its upload has become a job already, with other bytes: one upload is one job";
