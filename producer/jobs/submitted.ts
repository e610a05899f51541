import type { Context } from "hono";

import * as z from "zod";

import { readJob } from "../../shared/db/jobs/reads.ts";
import type { App } from "../http/app.ts";
import { jobView } from "./view.ts";
import { problem } from "../http/problem.ts";
import type { Submitted } from "./asked.ts";
import { AcceptedJob, Job } from "./schema.ts";

const location = "the job";

/** To a key that may not read, `AcceptedJob`. */
const schema = z.union([Job, AcceptedJob]);

/** What a route that takes a job answers, for its description. */
export const SUBMITTED = {
  200: { description: "the job that the same upload already is", schema, headers: { location } },
  201: { description: "the new job", schema, headers: { location } },
  202: {
    description: "`Prefer: wait`: it has not ended in that time",
    schema,
    headers: { location, "retry-after": "seconds until it is expected to have ended, at most 60" },
  },
};

/** 201 with the new job, 200 with the one that the same upload already is, or why there is none. */
export async function submitted(c: Context<App>, result: Submitted): Promise<Response> {
  if (!result.ok) return problem(c, result.problem);
  const { id } = result.job;
  const detail = await readJob(c.env.DB, { id, ownerId: c.get("ownerId") });
  if (detail === null) throw new Error(`job '${id}' was taken and cannot be read`);
  const { origin } = new URL(c.req.url);
  return c.json(jobView(detail, origin), result.isNew ? 201 : 200, { location: `${origin}/v1/jobs/${id}` });
}
