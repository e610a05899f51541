import { createMiddleware } from "hono/factory";

import { isUtf8 } from "../../shared/input/decode-text.ts";
import { MAX_REQUEST_ADDRESS_BYTES } from "../../shared/limits.ts";
import type { App } from "./app.ts";
import { problem } from "./problem.ts";

/**
 * Refuse an address that is too long, or whose path or query is not text. The runtime would turn `%ED%A0%80` (half of a surrogate
 * pair) or `%E9` (Windows-1252) into replacement characters, and a route would store those or search for them.
 */
export const checkAddress = createMiddleware<App>(async (c, next) => {
  const { url } = c.req.raw;
  if (url.length > MAX_REQUEST_ADDRESS_BYTES) {
    const detail = `The address of the request has ${url.length} bytes; the limit is ${MAX_REQUEST_ADDRESS_BYTES}. Send long values in the body.`;
    return problem(c, { code: "address_too_long", detail });
  }
  const fault = faultIn(url);
  if (fault === null) return next();
  const message = `'${fault}' in the address is not UTF-8; encode the address as UTF-8`;
  return problem(c, { code: "invalid_request", detail: message, issues: [{ path: "", message }] });
});

/** The first run of encoded bytes that is not UTF-8. Half of a surrogate pair has no encoding in UTF-8. */
function faultIn(url: string): string | null {
  for (const [run] of url.matchAll(/(?:%[0-9a-f]{2})+/gi)) {
    const bytes = Uint8Array.fromHex(run.replaceAll("%", ""));
    if (!isUtf8(bytes)) return run.length > 30 ? `${run.slice(0, 30)}…` : run;
  }
  return null;
}
