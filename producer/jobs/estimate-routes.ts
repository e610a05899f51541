// What jobs would cost. These operations create nothing, so they take no Idempotency-Key.
import { Hono } from "hono";

import { intakeOf } from "../../shared/jobs/intake.ts";
import type { App } from "../http/app.ts";
import { body, BODY_PROBLEMS, describe } from "../http/describe.ts";
import { limitBody } from "../http/limit-body.ts";
import type { ProblemCode } from "../http/problem.ts";
import { JobDryRun } from "../usage/schema.ts";
import { BatchDryRun } from "./batch-schema.ts";
import { priceJob } from "./dry-run.ts";
import { estimateBatch } from "./estimate-batch.ts";
import { priced } from "./priced.ts";
import { BatchRequest, JobRequest } from "./requests.ts";
import { BATCH_ESTIMATE, BATCH_REQUEST, JOB_REQUEST } from "./examples.ts";
import { ESTIMATE } from "../usage/examples.ts";

export const jobEstimates = new Hono<App>();

/** The problems of a job that is described in JSON, submitted or estimated. */
export const REQUEST_PROBLEMS = [
  ...BODY_PROBLEMS,
  "source_not_found",
  "upload_replaced",
  "unsupported_media",
  "impossible_latency_budget",
  "too_many_jobs",
] as const satisfies ProblemCode[];

jobEstimates.post(
  "/estimate",
  describe({
    operationId: "estimateJob",
    summary: "Estimate what a job would cost",
    description:
      "Takes the body of `submitJob`, and creates nothing. The answer is the estimate, or the problem that the job would get. A recording is measured, without reading all of it.",
    request: JOB_REQUEST,
    tags: ["jobs"],
    answers: {
      200: { description: "what the job would cost, and today's free neurons", schema: JobDryRun, example: ESTIMATE },
    },
    problems: REQUEST_PROBLEMS,
  }),
  limitBody,
  body(JobRequest),
  async (c) => priced(c, await priceJob(c.req.valid("json"), c.get("key"), intakeOf(c.env))),
);

jobEstimates.post(
  "/batch/estimate",
  describe({
    operationId: "estimateJobs",
    summary: "Estimate what up to 100 jobs would cost, each of which is checked on its own",
    description:
      "Takes the body of `submitJobs`, and creates nothing. Long recordings are guessed from their beginning.",
    request: BATCH_REQUEST,
    tags: ["jobs"],
    answers: {
      200: {
        description: "what each job would cost, or why it would be refused, in the order of the request",
        schema: BatchDryRun,
        example: BATCH_ESTIMATE,
      },
    },
    problems: BODY_PROBLEMS,
  }),
  limitBody,
  body(BatchRequest),
  async (c) => estimateBatch(c, c.req.valid("json")),
);
