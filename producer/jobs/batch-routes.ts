import { Hono } from "hono";
import * as z from "zod";

import { intakeOf } from "../../shared/jobs/intake.ts";
import type { App } from "../http/app.ts";
import { submitterOf } from "../http/auth.ts";
import { body, BODY_PROBLEMS, describe, query } from "../http/describe.ts";
import { estimateBatch } from "./estimate-batch.ts";
import { hideResults } from "./hide-results.ts";
import { idempotent, IDEMPOTENCY_PARAMETER, IDEMPOTENCY_PROBLEMS } from "../http/idempotent.ts";
import { jobSummary } from "./view.ts";
import { limitBody } from "../http/limit-body.ts";
import { NoQuery } from "../http/page-query.ts";
import { problemBody } from "../http/problem.ts";
import { BatchRequest, JobRequest, SubmitQuery } from "./requests.ts";
import { submitJobs } from "./submit-job.ts";
import { replacedBy } from "../http/replaced-by.ts";
import { invalidRequest } from "../http/validate.ts";
import { AcceptedBatch, BatchAnswer, BatchDryRun } from "./batch-schema.ts";
import { BATCH, BATCH_REQUEST } from "./examples.ts";

export const jobBatches = new Hono<App>();

/** Submit up to a hundred jobs. Each is checked on its own: a fault in one does not stop the others. */
jobBatches.post(
  "/",
  describe({
    operationId: "submitJobs",
    summary: "Submit up to 100 jobs, each of which is checked on its own",
    description:
      "A fault in one job does not stop the others: each result has its job or its problem, with the status that the job alone would get.",
    request: BATCH_REQUEST,
    tags: ["jobs"],
    parameters: [IDEMPOTENCY_PARAMETER],
    answers: {
      200: {
        description: "the result of each job, in the order of the request",
        schema: z.union([BatchAnswer, AcceptedBatch]),
        example: BATCH,
      },
    },
    problems: [...BODY_PROBLEMS, ...IDEMPOTENCY_PROBLEMS],
  }),
  // A dry run also has `results`, and `free` besides. It is tried first, so that `free` is kept.
  hideResults(z.union([BatchDryRun, AcceptedBatch])),
  query(SubmitQuery, { shown: NoQuery }),
  limitBody,
  idempotent(),
  body(BatchRequest),
  async (c) => {
    if (c.req.valid("query").dryRun) {
      replacedBy(c, "/v1/jobs/batch/estimate");
      return estimateBatch(c, c.req.valid("json"));
    }
    const parsed = c.req.valid("json").jobs.map((job) => JobRequest.safeParse(job));
    const valid = parsed.flatMap((one) => (one.success ? [one.data] : []));
    const submitted = await submitJobs(valid, submitterOf(c), intakeOf(c.env));
    const { origin } = new URL(c.req.url);
    let next = 0;
    const results = parsed.map((one, index): z.infer<typeof BatchAnswer>["results"][number] => {
      const result = one.success ? submitted[next++] : undefined;
      if (result?.ok === true) return { index, status: result.isNew ? 201 : 200, job: jobSummary(result.job, origin) };
      const problem = problemBody(result?.problem ?? invalidRequest(one.error?.issues ?? []));
      return { index, status: problem.status, problem };
    });
    return c.json({ results } satisfies z.infer<typeof BatchAnswer>);
  },
);
