import { Hono } from "hono";
import * as z from "zod";

import { readWholeJob } from "../../shared/archive/whole.ts";
import { listJobs } from "../../shared/db/jobs/job-lists.ts";
import { intakeOf } from "../../shared/jobs/intake.ts";
import { passageIndexOf } from "../../shared/search/index-of.ts";
import type { App } from "../http/app.ts";
import { actorOf, submitterOf } from "../http/auth.ts";
import { cancelJob } from "./cancel-job.ts";
import { encodeCursor, pageLinks, paginate } from "../http/cursor.ts";
import { deleteJob } from "./delete-job.ts";
import { body, describe, query } from "../http/describe.ts";
import { priceJob } from "./dry-run.ts";
import { REQUEST_PROBLEMS } from "./estimate-routes.ts";
import { priced } from "./priced.ts";
import { matchesEtag, weakEtag } from "../http/etag.ts";
import { hideResults } from "./hide-results.ts";
import { idempotent, IDEMPOTENCY_PARAMETER, IDEMPOTENCY_PROBLEMS } from "../http/idempotent.ts";
import { jobSummary, jobView } from "./view.ts";
import { limitBody } from "../http/limit-body.ts";
import { NoQuery } from "../http/page-query.ts";
import { PREFER_PARAMETER, preferWait } from "./prefer-wait.ts";
import { problem } from "../http/problem.ts";
import { replacedBy } from "../http/replaced-by.ts";
import { DeleteQuery, JobQuery, JobRequest, METADATA_PARAMETER, SubmitQuery } from "./requests.ts";
import { submitJob } from "./submit-job.ts";
import { JobDryRun } from "../usage/schema.ts";
import { AcceptedJob, DeletedJob, Job, JobPage } from "./schema.ts";
import { submitted, SUBMITTED } from "./submitted.ts";
import { CANCELLED_JOB, DELETED_JOB, JOB, JOB_PAGE, JOB_REQUEST } from "./examples.ts";

export const jobs = new Hono<App>();

jobs.post(
  "/",
  describe({
    operationId: "submitJob",
    summary: "Submit a job",
    description:
      "The body says which kind of job, its input and its options. The job runs when a consumer is free: poll it, follow its events, register a webhook, or wait with `Prefer: wait`. Send an `Idempotency-Key` so that a repeated request does not become a second job.",
    request: JOB_REQUEST,
    tags: ["jobs"],
    parameters: [IDEMPOTENCY_PARAMETER, PREFER_PARAMETER],
    answers: SUBMITTED,
    problems: [...REQUEST_PROBLEMS, ...IDEMPOTENCY_PROBLEMS],
  }),
  hideResults(z.union([AcceptedJob, JobDryRun])),
  preferWait,
  query(SubmitQuery, { shown: NoQuery }),
  limitBody,
  idempotent(),
  body(JobRequest),
  async (c) => {
    if (c.req.valid("query").dryRun) {
      replacedBy(c, "/v1/jobs/estimate");
      return priced(c, await priceJob(c.req.valid("json"), c.get("key"), intakeOf(c.env)));
    }
    return submitted(c, await submitJob(c.req.valid("json"), submitterOf(c), intakeOf(c.env)));
  },
);

jobs.get(
  "/",
  describe({
    operationId: "listJobs",
    summary: "List jobs, newest first",
    description:
      "The parameters filter: a job must match them all. The answer has summaries; `figures=true` adds progress and cost.",
    tags: ["jobs"],
    parameters: [METADATA_PARAMETER],
    answers: {
      200: {
        description: "a page",
        schema: JobPage,
        example: JOB_PAGE,
        headers: { link: 'the next page, rel="next"' },
      },
    },
    problems: ["invalid_request"],
  }),
  query(JobQuery),
  async (c) => {
    const { filter, figures, cursor, limit } = c.req.valid("query");
    const wanted = { ownerId: c.get("ownerId"), limit: limit + 1, before: cursor, figures };
    const { jobs: rows, searchedTo } = await listJobs(c.env.DB, filter, wanted);
    const { page, nextCursor: next } = paginate(rows, limit, (job) => ({ at: job.createdAt, id: job.id }));
    const nextCursor = searchedTo === null ? next : encodeCursor(searchedTo);
    const { origin } = new URL(c.req.url);
    const answer: z.infer<typeof JobPage> = { jobs: page.map((job) => jobSummary(job, origin)), nextCursor };
    return c.json(answer, 200, pageLinks(c, nextCursor));
  },
);

jobs.get(
  "/:id",
  describe({
    operationId: "readJob",
    summary: "Read a job",
    description:
      "Shows input, options, state, progress, attempts, cost and results. With `If-None-Match`, a job that has not changed answers 304 without a body.",
    tags: ["jobs"],
    parameters: [{ in: "header", name: "If-None-Match", schema: { type: "string" } }],
    answers: {
      200: {
        description: "the job",
        schema: Job,
        example: JOB,
        headers: { etag: "weak; estimated times do not change it" },
      },
      304: { description: "it has not changed" },
    },
    problems: ["job_not_found"],
  }),
  async (c) => {
    const id = c.req.param("id");
    const detail = c.get("polledJob") ?? (await readWholeJob(intakeOf(c.env), { id, ownerId: c.get("ownerId") }));
    if (detail === null) return problem(c, notFound(id));
    const view = jobView(detail, new URL(c.req.url).origin);
    // Estimated times move with the clock, so they are left out: a waiting job has changed only if its place has.
    const etag = await weakEtag({ ...view, queue: view.queue?.position });
    const headers = { etag, "cache-control": "private, no-cache" };
    return matchesEtag(c.req.header("if-none-match"), etag) ? c.body(null, 304, headers) : c.json(view, 200, headers);
  },
);

/** Cancel a job. A job that has ended stays as it is. */
jobs.post(
  "/:id/cancel",
  describe({
    operationId: "cancelJob",
    summary: "Cancel a job that has not ended",
    description:
      "Waiting tasks do not start. A call to a model that has begun is paid for. A job that has ended stays as it is.",
    tags: ["jobs"],
    answers: { 200: { description: "the cancelled job", schema: z.union([Job, AcceptedJob]), example: CANCELLED_JOB } },
    problems: ["job_not_found", "job_finished"],
  }),
  hideResults(AcceptedJob),
  async (c) => {
    const id = c.req.param("id");
    const ownerId = c.get("ownerId");
    await cancelJob(id, actorOf(c), intakeOf(c.env));
    const job = await readWholeJob(intakeOf(c.env), { id, ownerId });
    if (job === null) return problem(c, notFound(id));
    if (job.job.state === "cancelled") return c.json(jobView(job, new URL(c.req.url).origin));
    return problem(c, { code: "job_finished", detail: `Job '${id}' is ${job.job.state}; there is nothing to cancel.` });
  },
);

/** Delete a job with its results. A job that runs is cancelled first. No webhook reports a deletion. */
jobs.delete(
  "/:id",
  describe({
    operationId: "deleteJob",
    summary: "Delete a job with its results, even if it runs",
    description:
      "A running job is cancelled first. With `source=true`, the object that it read is deleted too, unless another job uses it. A deletion cannot be undone.",
    tags: ["jobs"],
    answers: {
      200: {
        description: "the job and everything that belonged to it are deleted",
        schema: DeletedJob,
        example: DELETED_JOB,
      },
      202: {
        description: "the job is deleted; its remaining objects and vectors will be deleted within minutes",
        schema: DeletedJob,
        example: DELETED_JOB,
      },
    },
    problems: ["job_not_found", "invalid_request"],
  }),
  query(DeleteQuery),
  async (c) => {
    const id = c.req.param("id");
    const deps = { ...intakeOf(c.env), passages: passageIndexOf(c.env) };
    const { source: withSource } = c.req.valid("query");
    const deleted = await deleteJob(id, { withSource }, actorOf(c), deps);
    if (deleted === null) return problem(c, notFound(id));
    const answer: DeletedJob = { id, source: deleted.source };
    return c.json(answer, deleted.isWhole ? 200 : 202);
  },
);

function notFound(id: string) {
  return { code: "job_not_found", detail: `There is no job '${id}'.` } as const;
}
