import { createMiddleware } from "hono/factory";
import type * as z from "zod";

import type { App } from "../http/app.ts";

/**
 * Cut the answer for a key that may not read down to the fields of `shown`. It must come before the other middleware of its route:
 * the answer that is kept for an Idempotency-Key is whole, because another key may read it, and so is the job of `Prefer: wait`.
 */
export function hideResults(shown: z.ZodType) {
  return createMiddleware<App>(async (c, next) => {
    await next();
    if (c.get("key").scopes.includes("jobs:read") || !c.res.ok) return;
    const { status } = c.res;
    const headers = new Headers(c.res.headers);
    headers.delete("content-length");
    // An answer of any other form throws, and is not shown at all.
    const body = JSON.stringify(shown.parse(await c.res.json()));
    c.res = undefined; // else hono merges the old headers in
    c.res = new Response(body, { status, headers });
  });
}
