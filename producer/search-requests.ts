import * as z from "zod";

import { JOB_KINDS } from "../shared/job.ts";

export const MAX_QUERY_CHARS = 1000;
const MAX_HITS = 50;

/** The query of `GET /v1/search`. */
export const SearchQuery = z.strictObject({
  q: z.string().trim().min(1, "there is nothing to look for").max(MAX_QUERY_CHARS),
  limit: z.coerce.number().int().min(1).max(MAX_HITS).default(10),
  kind: z.enum(JOB_KINDS).optional(),
  jobId: z.string().min(1).max(100).optional(),
});
export type SearchQuery = z.infer<typeof SearchQuery>;
