import type { Context } from "hono";
import type * as z from "zod";

import { intakeOf } from "../../shared/jobs/intake.ts";
import type { App } from "../http/app.ts";
import { problemBody } from "../http/problem.ts";
import { invalidRequest } from "../http/validate.ts";
import { readFree } from "../usage/free-neurons.ts";
import type { BatchDryRun } from "./batch-schema.ts";
import { priceJobs } from "./dry-run.ts";
import { estimateView } from "./priced.ts";
import { type BatchRequest, JobRequest } from "./requests.ts";

/** Answer what each job of a batch would cost, or the problem that it would get. */
export async function estimateBatch(c: Context<App>, { jobs }: z.output<typeof BatchRequest>): Promise<Response> {
  const parsed = jobs.map((job) => JobRequest.safeParse(job));
  const valid = parsed.flatMap((one) => (one.success ? [one.data] : []));
  const deps = intakeOf(c.env);
  const ownerId = c.get("ownerId");
  const priced = await priceJobs(valid, c.get("key"), deps);
  let next = 0;
  const results = parsed.map((one, index): BatchDryRun["results"][number] => {
    const result = one.success ? priced[next++] : undefined;
    if (result?.ok === true) {
      return { index, status: 200, estimate: result.estimate && estimateView(result.estimate) };
    }
    const problem = problemBody(result?.problem ?? invalidRequest(one.error?.issues ?? []));
    return { index, status: problem.status, problem };
  });
  const free = await readFree(deps.db, { ownerId, operatorId: deps.operatorId, now: Date.now() });
  return c.json({ results, free } satisfies BatchDryRun);
}
