import { createMiddleware } from "hono/factory";
import type { DescribeRouteOptions } from "hono-openapi";

import { intakeOf } from "../../shared/jobs/intake.ts";
import type { App } from "../http/app.ts";
import { jobView } from "./view.ts";
import { retryAfterSeconds } from "./pace.ts";
import { waitForJob } from "./wait-for-job.ts";

const MAX_WAIT_SECONDS = 60;

export const PREFER_PARAMETER = {
  in: "header",
  name: "Prefer",
  description:
    "`wait=N`, 1 to 60 seconds (RFC 7240): the answer comes when the job has ended, or is 202 when the time is up",
  schema: { type: "string" },
} as const satisfies NonNullable<DescribeRouteOptions["parameters"]>[number];

/**
 * `Prefer: wait=N` on a route that answers with a job and its `Location`. It must come before `idempotent`: a repeated request then
 * waits like the first one, and gets the current job instead of the kept answer.
 */
export const preferWait = createMiddleware<App>(async (c, next) => {
  const seconds = waitOf(c.req.header("prefer"));
  await next();
  const id = c.res.headers.get("location")?.split("/").at(-1);
  if (seconds === null || !c.res.ok || id === undefined) return;
  const { status } = c.res;
  const detail = await waitForJob(intakeOf(c.env), { id, ownerId: c.get("ownerId") }, seconds * 1000);
  if (detail === null) return; // the job has been pruned; the client gets the answer from before the wait
  const now = Date.now();
  const hasEnded = detail.job.finalizedAt !== null;
  const headers = new Headers(c.res.headers);
  headers.delete("content-length");
  headers.set("preference-applied", `wait=${seconds}`);
  if (!hasEnded) headers.set("retry-after", String(retryAfterSeconds(detail, now)));
  const body = JSON.stringify(jobView(detail, new URL(c.req.url).origin, now));
  c.res = undefined; // else hono merges the old headers in
  c.res = new Response(body, { status: hasEnded ? status : 202, headers });
});

/** Seconds to wait; null if the header does not ask for a wait. A longer wait is cut short. A value that is not a number is ignored. */
function waitOf(header: string | undefined): number | null {
  for (const preference of (header ?? "").split(",")) {
    const [, seconds] = /^\s*wait\s*=\s*"?(\d{1,9})"?\s*(?:;.*)?$/i.exec(preference) ?? [];
    if (seconds !== undefined) return Number(seconds) === 0 ? null : Math.min(MAX_WAIT_SECONDS, Number(seconds));
  }
  return null;
}
