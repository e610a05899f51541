import { Hono } from "hono";

import { listJobs, readJob } from "../../shared/db/job-reads.ts";
import { intakeOf } from "../../shared/intake.ts";
import type { App } from "../app.ts";
import { actorOf, submitterOf } from "../auth.ts";
import { cancelJob } from "../cancel-job.ts";
import { paginate } from "../cursor.ts";
import { jobSummary, jobView } from "../job-view.ts";
import { limitBody } from "../limit-body.ts";
import { problem } from "../problem.ts";
import { JobQuery, JobRequest } from "../requests.ts";
import { submitJob } from "../submit-job.ts";
import { parseBody, parseQuery } from "../validate.ts";
import { submitted } from "./submitted.ts";

export const jobs = new Hono<App>();

jobs.post("/", limitBody, async (c) => {
  const request = await parseBody(c, JobRequest);
  if (!request.ok) return request.response;
  return submitted(c, await submitJob(request.value, submitterOf(c), intakeOf(c.env)));
});

jobs.get("/", async (c) => {
  const query = parseQuery(c, JobQuery);
  if (!query.ok) return query.response;
  const { cursor, limit, state, kind, label, createdAfter, createdBefore } = query.value;
  const rows = await listJobs(
    c.env.DB,
    { state, kind, label, createdAfter, createdBefore },
    { ownerId: c.get("ownerId"), limit: limit + 1, before: cursor },
  );
  const { page, nextCursor } = paginate(rows, limit, (job) => ({ at: job.createdAt, id: job.id }));
  const { origin } = new URL(c.req.url);
  return c.json({ jobs: page.map((job) => jobSummary(job, origin)), nextCursor });
});

jobs.get("/:id", async (c) => {
  const job = await readJob(c.env.DB, { id: c.req.param("id"), ownerId: c.get("ownerId") });
  if (job === null) return problem(c, notFound(c.req.param("id")));
  return c.json(jobView(job, new URL(c.req.url).origin));
});

/** Cancel. What has ended stays as it is. */
jobs.delete("/:id", async (c) => {
  const id = c.req.param("id");
  const ownerId = c.get("ownerId");
  await cancelJob(id, actorOf(c), intakeOf(c.env));
  const job = await readJob(c.env.DB, { id, ownerId });
  if (job === null) return problem(c, notFound(id));
  if (job.job.state === "cancelled") return c.json(jobView(job, new URL(c.req.url).origin));
  return problem(c, { code: "job_finished", detail: `Job '${id}' is ${job.job.state}; there is nothing to cancel.` });
});

function notFound(id: string) {
  return { code: "job_not_found", detail: `There is no job '${id}'.` } as const;
}
