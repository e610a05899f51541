import { Hono } from "hono";
import type * as z from "zod";

import { intakeOf } from "../../shared/intake.ts";
import type { App } from "../app.ts";
import { submitterOf } from "../auth.ts";
import { body, BODY_PROBLEMS, describe } from "../describe.ts";
import { idempotent, IDEMPOTENCY_PARAMETER, IDEMPOTENCY_PROBLEMS } from "../idempotent.ts";
import { jobSummary } from "../job-view.ts";
import { limitBody } from "../limit-body.ts";
import { problemBody } from "../problem.ts";
import { BatchRequest, JobRequest } from "../requests.ts";
import { submitJobs } from "../submit-job.ts";
import { invalidRequest } from "../validate.ts";
import { BatchAnswer } from "../views/batch.ts";

export const jobBatches = new Hono<App>();

/** Submit up to a hundred jobs, each on its own: what is wrong with one does not keep the others back. */
jobBatches.post(
  "/",
  describe({
    operationId: "submitJobs",
    summary: "Submit up to 100 jobs, each on its own",
    tags: ["jobs"],
    parameters: [IDEMPOTENCY_PARAMETER],
    answers: { 200: { description: "what became of each, in the order given", schema: BatchAnswer } },
    problems: [...BODY_PROBLEMS, ...IDEMPOTENCY_PROBLEMS],
  }),
  limitBody,
  idempotent(),
  body(BatchRequest),
  async (c) => {
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
