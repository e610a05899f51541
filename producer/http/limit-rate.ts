import { createMiddleware } from "hono/factory";

import { createJournal } from "../../shared/jobs/journal.ts";
import type { App } from "./app.ts";
import { problem } from "./problem.ts";

/** The binding's period (wrangler.jsonc). The binding does not say when requests are allowed again; after a whole period they are. */
const PERIOD_SECONDS = 60;

/**
 * Limit the requests of a key with the platform's binding, which counts in each of its locations. It runs after the key is checked,
 * so that a client that knows only the id cannot use up the key's share.
 */
export const limitRate = createMiddleware<App>(async (c, next) => {
  if (await isWithin(c.env, c.get("keyId"))) return next();
  const detail = "This key has sent too many requests within a minute. Wait before you send more.";
  return problem(c, { code: "rate_limited", detail, retryAfterSeconds: PERIOD_SECONDS });
});

/** If the limiter fails, the request is allowed: a limiter must not stop the work that it protects. */
async function isWithin(env: Env, keyId: string): Promise<boolean> {
  try {
    return (await env.REQUESTS.limit({ key: keyId })).success;
  } catch (error) {
    createJournal(env).fault({ event: "limit.failed" }, error);
    return true;
  }
}
