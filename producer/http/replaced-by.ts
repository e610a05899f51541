import type { Context } from "hono";

import type { App } from "./app.ts";

/** 2026-11-30, in seconds: since when a dry run has addresses of its own. */
const SINCE = Date.UTC(2026, 10, 30) / 1000;

/** Tell the client that another operation has replaced what it asked for: the header Deprecation (RFC 9745) and a link to it. */
export function replacedBy(c: Context<App>, path: string): void {
  c.header("deprecation", `@${SINCE}`);
  c.header("link", `<${path}>; rel="successor-version"`);
}
