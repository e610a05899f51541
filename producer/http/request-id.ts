import { createMiddleware } from "hono/factory";

import type { App } from "./app.ts";

/** What a client, or a proxy in front of us, may call its request: printable ASCII without spaces. */
const SANE = /^[\x21-\x7e]{1,100}$/;

/**
 * Name every request in the answer's `x-request-id` and in the journal's lines. A client that sends the header gets its own id back,
 * unless it is too long or cannot be printed.
 */
export const nameRequest = createMiddleware<App>(async (c, next) => {
  const sent = c.req.header("x-request-id") ?? "";
  const id = SANE.test(sent) ? sent : `req_${crypto.randomUUID().replaceAll("-", "")}`;
  // The journal is created from the bindings, in many places.
  c.env = { ...c.env, REQUEST_ID: id };
  await next();
  c.header("x-request-id", id);
});
