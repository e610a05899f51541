// A browser sends the cookie of Access by itself, also with a request that was made by a page of another site. Access adds its header to
// that request as well. So a request that is authenticated by Access must come from our own page.

/** Methods that only read. */
const SAFE = new Set(["GET", "HEAD"]);

/**
 * Whether a request comes from a page of this address. The browser says so in headers that no page can set: `Sec-Fetch-Site`, which all
 * browsers have sent since 2023, or `Origin`. A request without both headers may only read: older browsers read that way.
 */
export function isFromOwnPage({ method, url, headers }: Request): boolean {
  const site = headers.get("sec-fetch-site");
  // "none" means that the person typed the address, or opened a bookmark.
  if (site !== null) return site === "same-origin" || (site === "none" && SAFE.has(method));
  const origin = headers.get("origin");
  return origin === null ? SAFE.has(method) : origin === new URL(url).origin;
}
