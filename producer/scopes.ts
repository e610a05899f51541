import { createMiddleware } from "hono/factory";
import { matchedRoutes } from "hono/route";

import type { Scope } from "../shared/scopes.ts";
import type { App } from "./app.ts";
import { problem } from "./problem.ts";

/** What each route wants of a key. One that is missing here is open to nobody but an admin, and fails a test. */
export const SCOPE_OF: Readonly<Record<string, Scope>> = {
  "GET /v1/jobs": "jobs:read",
  "POST /v1/jobs": "jobs:write",
  "POST /v1/jobs/batch": "jobs:write",
  "GET /v1/jobs/:id": "jobs:read",
  "POST /v1/jobs/:id/cancel": "jobs:write",
  "DELETE /v1/jobs/:id": "jobs:write",
  "GET /v1/jobs/:id/artifacts/:name": "jobs:read",
  "GET /v1/jobs/:id/transcript": "jobs:read",
  "GET /v1/jobs/:id/events": "jobs:read",
  "GET /v1/search": "jobs:read",
  // It is paid for.
  "POST /v1/jobs/:id/ask": "jobs:write",
  "GET /v1/uploads": "jobs:read",
  "POST /v1/uploads": "jobs:write",
  "GET /v1/uploads/:id": "jobs:read",
  "DELETE /v1/uploads/:id": "jobs:write",
  "POST /v1/uploads/:id/parts": "jobs:write",
  "PUT /v1/uploads/:id/parts": "jobs:write",
  "POST /v1/uploads/:id/complete": "jobs:write",
  "POST /v1/uploads/:id/s3": "jobs:write",
  "GET /v1/uploads/:id/s3": "jobs:read",
  "DELETE /v1/uploads/:id/s3": "jobs:write",
  "GET /v1/dead-letters": "jobs:read",
  "GET /v1/dead-letters/:id": "jobs:read",
  "POST /v1/dead-letters/:id/redrive": "jobs:write",
  "POST /v1/dead-letters/:id/discard": "jobs:write",
  "GET /v1/redrives": "jobs:read",
  "POST /v1/redrives": "jobs:write",
  "GET /v1/redrives/:id": "jobs:read",
  "DELETE /v1/redrives/:id": "jobs:write",
  "GET /v1/webhooks": "jobs:read",
  "POST /v1/webhooks": "jobs:write",
  "GET /v1/webhooks/:id": "jobs:read",
  "PATCH /v1/webhooks/:id": "jobs:write",
  "DELETE /v1/webhooks/:id": "jobs:write",
  "POST /v1/webhooks/:id/rotate": "jobs:write",
  "POST /v1/webhooks/:id/test": "jobs:write",
  "GET /v1/webhooks/:id/deliveries": "jobs:read",
  "POST /v1/webhooks/:id/deliveries/:deliveryId/replay": "jobs:write",
  "GET /v1/webhooks/secret": "jobs:write",
  "POST /v1/webhooks/secret/rotate": "jobs:write",
  "GET /v1/queues": "jobs:read",
  // Of the operator, at that: these stop everybody's work.
  "POST /v1/queues/:kind/pause": "admin",
  "POST /v1/queues/:kind/resume": "admin",
  "DELETE /v1/queues/hold": "admin",
  "GET /v1/budgets": "jobs:read",
  "PUT /v1/budgets/:ownerId/:period": "admin",
  "DELETE /v1/budgets/:ownerId/:period": "admin",
  "GET /v1/retention": "jobs:read",
  "PUT /v1/retention/:ownerId": "admin",
  "DELETE /v1/retention/:ownerId": "admin",
  "GET /v1/jobs/:id/receipt": "jobs:read",
  // Other owners' for the operator alone.
  "GET /v1/usage": "jobs:read",
  // It names keys, and what each of them did.
  "GET /v1/audit": "admin",
  "GET /openai/v1/models": "jobs:read",
  "GET /openai/v1/models/:id{.+}": "jobs:read",
  "POST /openai/v1/audio/transcriptions": "jobs:write",
  "POST /openai/v1/audio/translations": "jobs:write",
  "POST /openai/v1/images/generations": "jobs:write",
  "GET /replicate/v1/models": "jobs:read",
  "GET /replicate/v1/models/:owner/:name": "jobs:read",
  "POST /replicate/v1/models/:owner/:name/predictions": "jobs:write",
  "GET /replicate/v1/predictions": "jobs:read",
  "POST /replicate/v1/predictions": "jobs:write",
  "GET /replicate/v1/predictions/:id": "jobs:read",
  "POST /replicate/v1/predictions/:id/cancel": "jobs:write",
  "POST /replicate/v1/files": "jobs:write",
  "GET /replicate/v1/files/:id": "jobs:read",
  "DELETE /replicate/v1/files/:id": "jobs:write",
  "GET /replicate/v1/webhooks/default/secret": "jobs:write",
  "GET /v1/keys": "admin",
  "POST /v1/keys": "admin",
  "DELETE /v1/keys/:id": "admin",
};

/** Lets a request through to a route whose scope its key has. An address without a route goes on to its 404. */
export const authorize = createMiddleware<App>(async (c, next) => {
  const { scopes } = c.get("key");
  // Of several patterns that fit one address, /webhooks/secret and /webhooks/:id, the first one answers: no handler of
  // this API passes a request on.
  const route = matchedRoutes(c).find(({ method }) => method !== "ALL");
  if (route === undefined) return next();
  const { method, path } = route;
  const scope = SCOPE_OF[`${method} ${path}`] ?? "admin";
  if (!scopes.includes(scope)) {
    const detail = `${method} ${path} wants the scope '${scope}'; the key has ${scopes.join(", ") || "none"}.`;
    const challenge = `Bearer realm="darkroom", error="insufficient_scope", scope="${scope}"`;
    return problem(c, { code: "insufficient_scope", detail }, { "www-authenticate": challenge });
  }
  return next();
});
