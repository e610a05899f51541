// Headers for browsers: which origins may call, and that a browser must not guess the type of an answer.
import { cors } from "hono/cors";
import { createMiddleware } from "hono/factory";
import { secureHeaders } from "hono/secure-headers";

import type { App } from "./app.ts";

const POLICY = "default-src 'none'; frame-ancestors 'none'";
const RESOURCE_POLICY = "cross-origin-resource-policy";
const HTTPS_ONLY = "max-age=31536000";

/** Headers of every answer. A policy that a route has set is kept. Plain HTTP, as on a laptop, gets no HSTS. */
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
    c.header("cache-control", keptByNobodyElse(c.res.headers.get("cache-control")));
    if (new URL(c.req.url).protocol === "https:") c.header("strict-transport-security", HTTPS_ONLY);
  }),
] as const;

/**
 * Only what a route declares public may be kept by a cache that others share. Such a cache keeps no answer to a request with a key (RFC 9111,
 * 3.5), but it cannot see that a request is signed in with Cloudflare Access.
 */
function keptByNobodyElse(said: string | null): string {
  if (said === null) return "no-store";
  return /\b(?:public|private|no-store)\b/.test(said) ? said : `private, ${said}`;
}

/** Pages of the origins in `CORS_ORIGINS` may call. A browser hides the answers from pages of other origins. Keys travel in a header, so there are no cookies. */
export const allowOrigins = cors({
  origin: (origin, c: { env: Env }) => (originsOf(c.env).includes(origin) ? origin : null),
  allowMethods: ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"],
  // Without `allowHeaders`, every requested header is allowed. SDKs send a dozen headers of their own, which change with each
  // version, and sending them does no harm from an origin that may call.
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
    "X-Darkroom-Ignored",
    "X-Darkroom-Job",
    "X-Darkroom-Notice",
    "X-Request-Id",
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
