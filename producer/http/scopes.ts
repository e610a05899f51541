import { createMiddleware } from "hono/factory";
import { matchedRoutes } from "hono/route";

import type { Key } from "../../shared/db/keys/keys.ts";
import type { Scope } from "../../shared/keys/scopes.ts";
import type { App } from "./app.ts";
import { type Problem, problem } from "./problem.ts";

const READ: readonly Scope[] = ["jobs:read"];
/** The answer says only that the request was accepted. If the answer is a job, `hideResults` cuts it down. */
const WRITE: readonly Scope[] = ["jobs:write"];
/** The route changes something, and its answer shows what the owner has. */
const READ_WRITE: readonly Scope[] = ["jobs:read", "jobs:write"];
const WEBHOOKS: readonly Scope[] = ["webhooks"];
const ADMIN: readonly Scope[] = ["admin"];
/** The route shows a key its own record. */
const NONE: readonly Scope[] = [];

/** The scopes that each route requires of a key. A route that is missing here is open only to admins, and fails a test. */
export const SCOPES_OF: Readonly<Record<string, readonly Scope[]>> = {
  "GET /v1/jobs": READ,
  "POST /v1/jobs": WRITE,
  "POST /v1/jobs/batch": WRITE,
  "POST /v1/jobs/estimate": WRITE,
  "POST /v1/jobs/batch/estimate": WRITE,
  "GET /v1/jobs/:id": READ,
  "POST /v1/jobs/:id/cancel": WRITE,
  "DELETE /v1/jobs/:id": WRITE,
  "GET /v1/jobs/:id/artifacts/:name": READ,
  "GET /v1/jobs/:id/source": READ,
  "GET /v1/jobs/:id/audio": READ,
  // A link gives no more than the key has, and ends with the key.
  "POST /v1/jobs/:id/links": READ,
  "GET /v1/jobs/:id/transcript": READ,
  "PATCH /v1/jobs/:id/transcript": READ_WRITE,
  "GET /v1/jobs/:id/transcript/history": READ,
  "POST /v1/jobs/:id/transcript/revert": READ_WRITE,
  "GET /v1/jobs/:id/events": READ,
  "GET /v1/jobs/:id/chunks": READ,
  "GET /v1/search": READ,
  // A question costs money, and the answer quotes the transcript.
  "POST /v1/jobs/:id/ask": READ_WRITE,
  // It costs money, and answers at once.
  "POST /v1/embeddings": READ_WRITE,
  // A text costs money, and the answer shows it.
  "POST /v1/generate": READ_WRITE,
  "POST /v1/generate/estimate": WRITE,
  "GET /v1/uploads": READ,
  "POST /v1/uploads": WRITE,
  "POST /v1/uploads/announce": WRITE,
  "POST /v1/uploads/estimate": WRITE,
  "GET /v1/uploads/:id": READ,
  "DELETE /v1/uploads/:id": WRITE,
  "POST /v1/uploads/:id/parts": WRITE,
  "PUT /v1/uploads/:id/parts": WRITE,
  "POST /v1/uploads/:id/complete": WRITE,
  "POST /v1/uploads/:id/s3": WRITE,
  "GET /v1/uploads/:id/s3": READ,
  "DELETE /v1/uploads/:id/s3": WRITE,
  "GET /v1/dead-letters": READ,
  "GET /v1/dead-letters/:id": READ,
  "POST /v1/dead-letters/:id/redrive": READ_WRITE,
  "POST /v1/dead-letters/:id/discard": READ_WRITE,
  "GET /v1/redrives": READ,
  "POST /v1/redrives": READ_WRITE,
  "GET /v1/redrives/:id": READ,
  "DELETE /v1/redrives/:id": READ_WRITE,
  "GET /v1/webhooks": WEBHOOKS,
  "POST /v1/webhooks": WEBHOOKS,
  "GET /v1/webhooks/:id": WEBHOOKS,
  "PATCH /v1/webhooks/:id": WEBHOOKS,
  "DELETE /v1/webhooks/:id": WEBHOOKS,
  "POST /v1/webhooks/:id/rotate": WEBHOOKS,
  "POST /v1/webhooks/:id/test": WEBHOOKS,
  "GET /v1/webhooks/:id/deliveries": WEBHOOKS,
  "POST /v1/webhooks/:id/deliveries/:deliveryId/replay": WEBHOOKS,
  "GET /v1/webhooks/secret": WEBHOOKS,
  "POST /v1/webhooks/secret/rotate": WEBHOOKS,
  "GET /v1/queues": READ,
  "GET /v1/queues/throughput": READ,
  // The key must also be the operator's: these stop the work of every owner.
  "POST /v1/queues/:kind/pause": ADMIN,
  "POST /v1/queues/:kind/resume": ADMIN,
  "DELETE /v1/queues/hold": ADMIN,
  "GET /v1/budgets": READ,
  "PUT /v1/budgets/:ownerId/:period": ADMIN,
  "DELETE /v1/budgets/:ownerId/:period": ADMIN,
  "GET /v1/retention": READ,
  "PUT /v1/retention/:ownerId": ADMIN,
  "DELETE /v1/retention/:ownerId": ADMIN,
  "GET /v1/jobs/:id/receipt": READ,
  // Only the operator may read the usage of other owners.
  "GET /v1/usage": READ,
  // The log names keys, and what each of them did.
  "GET /v1/audit": ADMIN,
  // The key must also be the operator's: the lines are those of every owner.
  "GET /v1/archive": ADMIN,
  "POST /v1/archive": ADMIN,
  "GET /openai/v1/models": READ,
  "GET /openai/v1/models/:id{.+}": READ,
  "POST /openai/v1/audio/transcriptions": READ_WRITE,
  "POST /openai/v1/audio/translations": READ_WRITE,
  "POST /openai/v1/images/generations": READ_WRITE,
  "POST /openai/v1/embeddings": READ_WRITE,
  // A text costs money, and the answer has it.
  "POST /openai/v1/chat/completions": READ_WRITE,
  "POST /openai/v1/responses": READ_WRITE,
  "GET /replicate/v1/models": READ,
  "QUERY /replicate/v1/models": READ,
  "GET /replicate/v1/models/:owner/:name": READ,
  "GET /replicate/v1/models/:owner/:name/versions": READ,
  "GET /replicate/v1/models/:owner/:name/versions/:version": READ,
  "POST /replicate/v1/models/:owner/:name/predictions": READ_WRITE,
  "GET /replicate/v1/predictions": READ,
  "POST /replicate/v1/predictions": READ_WRITE,
  "GET /replicate/v1/predictions/:id": READ,
  "POST /replicate/v1/predictions/:id/cancel": READ_WRITE,
  "POST /replicate/v1/files": WRITE,
  "GET /replicate/v1/files": READ,
  "GET /replicate/v1/files/:id": READ,
  "DELETE /replicate/v1/files/:id": WRITE,
  "GET /replicate/v1/account": NONE,
  "GET /replicate/v1/webhooks/default/secret": WEBHOOKS,
  "GET /v1/checks": ADMIN,
  "GET /v1/keys": ADMIN,
  "POST /v1/keys": ADMIN,
  "GET /v1/keys/self": NONE,
  "DELETE /v1/keys/:id": ADMIN,
};

/** Refuse a request whose key does not have the scopes of its route. An address without a route goes on to its 404. */
export const authorize = createMiddleware<App>(async (c, next) => {
  const { scopes } = c.get("key");
  // Several patterns can fit one address, such as /webhooks/secret and /webhooks/:id. The first one answers, because no handler of
  // this API passes a request on.
  const route = matchedRoutes(c).find(({ method }) => method !== "ALL");
  if (route === undefined) return next();
  const { method, path } = route;
  const missing = (SCOPES_OF[`${method} ${path}`] ?? ADMIN).filter((scope) => !scopes.includes(scope));
  return missing.length === 0 ? next() : problem(c, insufficientScope(c.get("key"), `${method} ${path}`, missing));
});

/** @param what the route or feature that requires the scopes. @param missing those of them that the key does not have. */
export function insufficientScope({ scopes }: Key, what: string, missing: readonly Scope[]): Problem {
  const names = missing.map((scope) => `'${scope}'`).join(" and ");
  const has = scopes.join(", ") || "none";
  const detail = `${what} requires the scope${missing.length > 1 ? "s" : ""} ${names}; the key has ${has}.`;
  return { code: "insufficient_scope", detail, missingScopes: missing };
}
