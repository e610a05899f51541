import * as z from "zod";

import { Time } from "../http/time.ts";

/** An object seen in the inbox: its job, or why it has none. */
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

export const UploadList = z.object({ uploads: z.array(Upload) });
export type UploadList = z.infer<typeof UploadList>;
