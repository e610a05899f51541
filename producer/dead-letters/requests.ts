import * as z from "zod";

import { LETTER_STATES } from "../../shared/redrives/redrive.ts";
import { AnyObject, boundedText } from "../../shared/input/bounded-text.ts";
import { JobTerms } from "../../shared/jobs/terms.ts";
import { MAX_ID_CHARS } from "../../shared/limits.ts";
import { PageQuery } from "../http/page-query.ts";

/** The query of `GET /v1/dead-letters`. The answer has groups, unless the query names a fingerprint or a job, or asks for a list. */
export const DeadLetterQuery = PageQuery.extend({
  state: z.enum([...LETTER_STATES, "all"]).default("open"),
  fingerprint: boundedText({ max: 200, min: 1 }).optional(),
  /** Asks for the single letters of this job. */
  jobId: boundedText({ max: MAX_ID_CHARS, min: 1 }).optional(),
  view: z.enum(["groups", "list"]).optional(),
});

/** The body of `POST /v1/dead-letters/{id}/redrive`, which may be left out. */
export const RedriveOneRequest = z.strictObject({
  options: AnyObject.optional(),
  maxNeurons: JobTerms.shape.maxNeurons,
});

/** The body of `POST /v1/dead-letters/{id}/discard`. */
export const DiscardRequest = z.strictObject({
  note: boundedText({ max: 500, min: 1, trim: true, empty: "send the reason as the note" }),
});
