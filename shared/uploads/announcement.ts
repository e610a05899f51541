import * as z from "zod";

import { sha256Hex } from "../hash.ts";
import { ObjectKey } from "./storage.ts";

/** An R2 event notification, as it arrives on the queue of uploads (developers.cloudflare.com/r2/buckets/event-notifications). */
export const UploadEvent = z.discriminatedUnion("action", [
  z.object({
    action: z.enum(["PutObject", "CopyObject", "CompleteMultipartUpload"]),
    bucket: z.string(),
    // R2 writes `eTag` here and `etag` in the binding.
    object: z.object({ key: ObjectKey, size: z.int().min(0), eTag: z.string().min(1) }),
    eventTime: z.string(),
  }),
  z.object({
    action: z.enum(["DeleteObject", "LifecycleDeletion"]),
    bucket: z.string(),
    object: z.object({ key: ObjectKey }),
    eventTime: z.string(),
  }),
]);
export type UploadEvent = z.infer<typeof UploadEvent>;

/** An object that was created in the inbox, from an event or from the sweep. */
export interface Announcement {
  readonly bucket: string;
  readonly key: string;
  readonly etag: string;
  /**
   * When the object was stored: epoch milliseconds. It becomes a job even if its job was deleted before that. If this is
   * missing, a deletion may stop it.
   */
  readonly storedAt?: number;
}

/** Return the only job id of an upload: announced twice, or by event and API at once, it is the same job. */
export async function uploadJobId({ bucket, key, etag }: Announcement): Promise<string> {
  return `job_${await sha256Hex(JSON.stringify([bucket, key, etag]), { bytes: 16 })}`;
}

/** An upload with its job, or the reason why it has none. */
export interface UploadRecord extends Announcement {
  readonly ownerId: string;
  readonly sizeBytes: number;
  readonly jobId: string | null;
  readonly ignoredReason: string | null;
  /** For an upload with a job: why it is ignored if its API key is at its limit. Without a reason it is not recorded then. */
  readonly ifRefused?: string;
}

/** Why an object is ignored if its key became a job before, with other bytes. */
export const HAS_ITS_JOB = "its upload has become a job already, with other bytes: one upload is one job";
