import type { Context } from "hono";

import type { App } from "../app.ts";
import { jobView } from "../job-view.ts";
import { problem } from "../problem.ts";
import type { Submitted } from "../submit-job.ts";

/** 201 with the new job, 200 with the one that the same upload already is, or why there is none. */
export function submitted(c: Context<App>, result: Submitted): Response {
  if (!result.ok) return problem(c, result.problem);
  const { origin } = new URL(c.req.url);
  const location = `${origin}/v1/jobs/${result.job.job.id}`;
  return c.json(jobView(result.job, origin), result.isNew ? 201 : 200, { location });
}
