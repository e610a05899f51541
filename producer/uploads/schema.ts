import * as z from "zod";

import { Time } from "../http/time.ts";

/** An object that was seen in the inbox, with its job or the reason why it does not have one. */
export const Upload = z
  .object({
    key: z.string(),
    etag: z.string(),
    sizeBytes: z.int(),
    jobId: z.string().nullable(),
    ignoredReason: z.string().nullable(),
    createdAt: Time,
  })
  .meta({ id: "Upload" });
export type Upload = z.infer<typeof Upload>;

export const UploadList = z.object({ uploads: z.array(Upload) });
export type UploadList = z.infer<typeof UploadList>;
