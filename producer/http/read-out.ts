import { createMiddleware } from "hono/factory";

import { MAX_UPLOAD_BYTES } from "../../shared/limits.ts";
import type { App } from "./app.ts";

/**
 * Read what a route left of the body, and answer then: a refusal, or the answer kept of a request that is repeated. A client
 * that is still sending would meet a closed connection instead, as HTTP/1.1 has no way to say stop. Behind the key, since
 * reading is work.
 */
export const readOut = createMiddleware<App>(async (c, next) => {
  await next();
  const rest = c.get("peeked")?.whole ?? c.req.raw.body;
  if (rest === null || rest.locked) return;
  const reader = rest.getReader();
  try {
    for (let readBytes = 0; readBytes <= MAX_UPLOAD_BYTES;) {
      const { value, done } = await reader.read();
      if (done) return;
      readBytes += value.length;
    }
    await reader.cancel();
  } catch {
    // The client has gone.
  }
});
