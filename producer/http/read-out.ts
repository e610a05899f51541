import { createMiddleware } from "hono/factory";

import { MAX_UPLOAD_BYTES } from "../../shared/limits.ts";
import type { App } from "./app.ts";

/**
 * Read the rest of a body that a route did not read, and only then answer: the route may have refused the request, or answered a
 * repeated one. HTTP/1.1 cannot ask a client to stop sending; without this, a client that still sends would see a closed
 * connection instead of the answer. It runs after the key is checked, because reading costs work.
 */
export const readOut = createMiddleware<App>(async (c, next) => {
  await next();
  c.set("isAnswered", true);
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
