import type { Context } from "hono";

import * as z from "zod";

import { readWholeJob } from "../../shared/archive/whole.ts";
import { intakeOf } from "../../shared/jobs/intake.ts";
import type { App } from "../http/app.ts";
import { jobView } from "./view.ts";
import { problem } from "../http/problem.ts";
import type { Submitted } from "./asked.ts";
import { AcceptedJob, Job } from "./schema.ts";
import { JOB, QUEUED_JOB } from "./examples.ts";

const location = "the job";

/** A key that may not read gets `AcceptedJob`. */
const schema = z.union([Job, AcceptedJob]);

/** The answers of a route that accepts a job, for its description. */
export const SUBMITTED = {
  200: { description: "the job that the same upload has already become", schema, example: JOB, headers: { location } },
  201: { description: "the new job", schema, example: QUEUED_JOB, headers: { location } },
  202: {
    description: "with `Prefer: wait`: the job did not end in that time",
    schema,
    example: QUEUED_JOB,
    headers: { location, "retry-after": "seconds until it is expected to have ended, at most 60" },
  },
};

/** Answer 201 with the new job, 200 with the job that the same upload has already become, or the problem. */
export async function submitted(c: Context<App>, result: Submitted): Promise<Response> {
  if (!result.ok) return problem(c, result.problem);
  const { id } = result.job;
  const detail = await readWholeJob(intakeOf(c.env), { id, ownerId: c.get("ownerId") });
  if (detail === null) throw new Error(`job '${id}' was accepted but cannot be read`);
  const { origin } = new URL(c.req.url);
  return c.json(jobView(detail, origin), result.isNew ? 201 : 200, { location: `${origin}/v1/jobs/${id}` });
}
