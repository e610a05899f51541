import { createMiddleware } from "hono/factory";

import { accessOf } from "../../shared/keys/access.ts";
import { ASSERTION_HEADER } from "../access/verify-assertion.ts";
import type { App } from "../http/app.ts";

/** The addresses of the page's views (dashboard/shell/frame.tsx). Every other address belongs to the API. */
const PAGE_PATHS = /^\/(?:(?:jobs|new|pictures|operate)(?:\/.*)?)?$/;

/** An attribute of the page's root element. It tells the page that Cloudflare Access let its reader through, so that it asks for no key. */
const BEHIND_ACCESS = "data-behind-access";

/**
 * Serve the page at its addresses. Its files are under /assets/, which the platform serves without the Worker. Their headers are in
 * dashboard/public/_headers.
 */
export const servePage = createMiddleware<App>(async (c, next) => {
  const { method, url, headers } = c.req.raw;
  if ((method !== "GET" && method !== "HEAD") || !PAGE_PATHS.test(c.req.path)) return next();
  const isBehindAccess = headers.has(ASSERTION_HEADER) && accessOf(c.env).state !== "off";
  // The page that the browser has kept may not have the attribute.
  const known = isBehindAccess ? null : headers.get("if-none-match");
  const asked = new Request(new URL("/", url), {
    method,
    ...(known !== null && { headers: { "if-none-match": known } }),
  });
  const page = await c.env.ASSETS.fetch(asked);
  const marked = new HTMLRewriter().on("html", { element: (root) => void root.setAttribute(BEHIND_ACCESS, "") });
  const answer = isBehindAccess ? marked.transform(new Response(page.body, page)) : new Response(page.body, page);
  // Neither this browser nor a shared cache may keep the attribute: it must not reach people whom Access does not let through.
  if (isBehindAccess) {
    answer.headers.delete("etag");
    answer.headers.set("cache-control", "no-store");
  }
  answer.headers.set("content-security-policy", policyFor(new URL(c.env.R2_ENDPOINT || "/", url).origin));
  return answer;
});

/** @param bucket the origin of presigned uploads. `blob:` is for thumbnails and clips, which the page reads with its key. */
function policyFor(bucket: string): string {
  return [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "font-src 'self'",
    "img-src 'self' blob: data:",
    "media-src 'self' blob: data:",
    `connect-src 'self' ${bucket}`,
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join("; ");
}
