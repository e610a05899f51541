import * as z from "zod";

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
}
