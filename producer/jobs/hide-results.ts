import { createMiddleware } from "hono/factory";
import type * as z from "zod";

import type { App } from "../http/app.ts";

/**
 * What a key is told that may not read: what `shown` leaves of the answer. It stands before everything else on its route: the
 * answer that is kept for an Idempotency-Key, and the job that `Prefer: wait` waits for, may be another key's to read.
 */
export function hideResults(shown: z.ZodType) {
  return createMiddleware<App>(async (c, next) => {
    await next();
    if (c.get("key").scopes.includes("jobs:read") || !c.res.ok) return;
    const { status } = c.res;
    const headers = new Headers(c.res.headers);
    headers.delete("content-length");
    // An answer that is not as it should be is not shown at all.
    const body = JSON.stringify(shown.parse(await c.res.json()));
    c.res = undefined; // else hono merges the old headers in
    c.res = new Response(body, { status, headers });
  });
}
