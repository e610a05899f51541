import * as z from "zod";

/** The object a job reads, fixed to the version that was announced. */
export const Source = z.strictObject({ key: z.string(), etag: z.string(), sizeBytes: z.int().min(0) });
export type Source = z.infer<typeof Source>;
