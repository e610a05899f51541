import { createMiddleware } from "hono/factory";

import { createJournal } from "../../shared/jobs/journal.ts";
import type { App } from "./app.ts";
import { problem } from "./problem.ts";

/** The binding's period (wrangler.jsonc). It does not say when there is room again; after a whole period there is. */
const PERIOD_SECONDS = 60;

/**
 * As many requests a key as the platform's binding allows; it counts in each of its locations. After the key is checked:
 * who knows but its id cannot use up its share.
 */
export const limitRate = createMiddleware<App>(async (c, next) => {
  if (await isWithin(c.env, c.get("keyId"))) return next();
  const detail = "This key has sent too many requests within a minute.";
  return problem(c, { code: "rate_limited", detail, retryAfterSeconds: PERIOD_SECONDS });
});

/** A limiter that fails does not stop the work it is to protect. */
async function isWithin(env: Env, keyId: string): Promise<boolean> {
  try {
    return (await env.REQUESTS.limit({ key: keyId })).success;
  } catch (error) {
    createJournal(env.EVENTS).fault({ event: "limit.failed" }, error);
    return true;
  }
}
