import { Hono } from "hono";

import { intakeOf } from "../../shared/jobs/intake.ts";
import type { App } from "../http/app.ts";
import { submitterOf } from "../http/auth.ts";
import { describe, query } from "../http/describe.ts";
import { problem, type ProblemCode } from "../http/problem.ts";
import { priced } from "../jobs/priced.ts";
import { JobDryRun } from "../usage/schema.ts";
import { priceUpload } from "./dry-run.ts";
import { UploadEstimateQuery } from "./requests.ts";
import { askedOf, sentFile } from "./sent-file.ts";
import { ESTIMATE } from "../usage/examples.ts";

export const uploadEstimates = new Hono<App>();

/** The problems of a file that is sent, to be stored or to be estimated. */
export const FILE_PROBLEMS = [
  "invalid_request",
  "length_required",
  "upload_too_large",
  "unsupported_media",
  "impossible_latency_budget",
] as const satisfies ProblemCode[];

/** A file, as the body of a request. */
export const FILE_BODY = { required: true, content: { "application/octet-stream": { schema: {} } } };

uploadEstimates.post(
  "/estimate",
  describe({
    operationId: "estimateUpload",
    summary: "Estimate what a file's job would cost",
    description:
      "Stores nothing. Send the beginning of the file (4 MB are enough) and its whole size as `sizeBytes`. The query is that of `upload`.",
    tags: ["uploads"],
    requestBody: FILE_BODY,
    answers: {
      200: {
        description: "what the file's job would cost, and today's free neurons",
        schema: JobDryRun,
        example: ESTIMATE,
      },
    },
    problems: FILE_PROBLEMS,
  }),
  query(UploadEstimateQuery),
  async (c) => {
    const { name, sizeBytes, ...asked } = c.req.valid("query");
    const sent = sentFile(c);
    if ("code" in sent) return problem(c, sent);
    const file = { name, sizeBytes: sizeBytes ?? sent.sizeBytes, asked: askedOf({ name, ...asked }) };
    return priced(c, await priceUpload(file, sent.body, submitterOf(c), intakeOf(c.env)));
  },
);
