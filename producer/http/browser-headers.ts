// What browsers are told: which of them may call, and to take an answer for nothing but what it says it is.
import { cors } from "hono/cors";
import { createMiddleware } from "hono/factory";
import { secureHeaders } from "hono/secure-headers";

import type { App } from "./app.ts";

const POLICY = "default-src 'none'; frame-ancestors 'none'";
const RESOURCE_POLICY = "cross-origin-resource-policy";
const HTTPS_ONLY = "max-age=31536000";

/** On every answer. A route that sets a policy of its own keeps it; plain HTTP, that is a laptop, gets no HSTS. */
export const protect = [
  secureHeaders({
    xFrameOptions: "DENY",
    referrerPolicy: "no-referrer",
    strictTransportSecurity: false,
    crossOriginResourcePolicy: false,
  }),
  createMiddleware<App>(async (c, next) => {
    await next();
    if (!c.res.headers.has("content-security-policy")) c.header("content-security-policy", POLICY);
    if (!c.res.headers.has(RESOURCE_POLICY)) c.header(RESOURCE_POLICY, "same-origin");
    if (new URL(c.req.url).protocol === "https:") c.header("strict-transport-security", HTTPS_ONLY);
  }),
] as const;

/** Pages of the origins in `CORS_ORIGINS` may call; of others the browser keeps the answers to itself. Keys travel in a header, so no cookies. */
export const allowOrigins = cors({
  origin: (origin, c: { env: Env }) => (originsOf(c.env).includes(origin) ? origin : null),
  allowMethods: ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"],
  // No list of headers that may be sent, so whatever is asked for is allowed: SDKs send a dozen of their own, others with
  // each version, and an origin that may call may as well say them.
  exposeHeaders: [
    "Content-Range",
    "ETag",
    "Idempotency-Replayed",
    "Link",
    "Location",
    "Preference-Applied",
    "Retry-After",
    "WWW-Authenticate",
    "X-Audio-Duration-Ms",
    "X-Audio-From-Ms",
    "X-Audio-Pauses",
    "X-Audio-To-Ms",
    "X-Darkroom-Job",
    "X-Should-Retry",
    "X-Transcript-Complete",
    "X-Transcript-Version",
  ],
  maxAge: 3600,
});

function originsOf(env: Env): readonly string[] {
  return env.CORS_ORIGINS.split(",")
    .map((origin) => origin.trim())
    .filter((origin) => origin !== "");
}
