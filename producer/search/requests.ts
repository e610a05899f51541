import * as z from "zod";

import { JOB_KINDS } from "../../shared/kinds/index.ts";
import { MAX_ID_CHARS } from "../../shared/limits.ts";
import { boundedText } from "../../shared/input/bounded-text.ts";

export const MAX_QUERY_CHARS = 1000;
const MAX_HITS = 50;

/** The query of `GET /v1/search`. */
export const SearchQuery = z.strictObject({
  q: boundedText({ max: MAX_QUERY_CHARS, min: 1, trim: true, empty: "the query is empty" }),
  limit: z.coerce.number().int().min(1).max(MAX_HITS).default(10),
  kind: z.enum(JOB_KINDS).optional(),
  jobId: boundedText({ max: MAX_ID_CHARS, min: 1 }).optional(),
});
export type SearchQuery = z.infer<typeof SearchQuery>;
