import { createMiddleware } from "hono/factory";

import { isLocalhost, localSecretsOf } from "../../shared/keys/local-secrets.ts";
import type { App } from "./app.ts";
import { problem } from "./problem.ts";

/**
 * Serve only localhost while the public secrets of local development are set. A deployment that has them by mistake would accept
 * links and uploads that anyone can sign. `/healthz` answers everywhere, so that such a deployment does not look as if it were down.
 */
export const refuseLocalSecrets = createMiddleware<App>(async (c, next) => {
  const { hostname, pathname } = new URL(c.req.url);
  if (isLocalhost(hostname) || pathname === "/healthz") return next();
  const names = localSecretsOf(c.env);
  if (names.length === 0) return next();
  const detail = `This deployment has the public secrets of local development (${names.join(", ")}), so it answers only on localhost. Set your own secrets, as docs/security.md says.`;
  return problem(c, { code: "local_secrets", detail });
});
