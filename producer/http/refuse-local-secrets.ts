import { createMiddleware } from "hono/factory";

import { isLocalhost, localSecretsOf } from "../../shared/keys/local-secrets.ts";
import type { App } from "./app.ts";
import { problem } from "./problem.ts";

/**
 * Serves this machine alone while it runs with secrets that everybody knows: deployed with them by mistake, it would take
 * anybody's links and uploads for signed. `/healthz` answers everywhere, so that a deployment is not taken for one that is down.
 */
export const refuseLocalSecrets = createMiddleware<App>(async (c, next) => {
  const { hostname, pathname } = new URL(c.req.url);
  if (isLocalhost(hostname) || pathname === "/healthz") return next();
  const names = localSecretsOf(c.env);
  if (names.length === 0) return next();
  const detail = `It runs with the public secrets of local development (${names.join(", ")}), and serves localhost alone: set your own, as docs/security.md says.`;
  return problem(c, { code: "local_secrets", detail });
});
