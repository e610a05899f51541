import { type Context, Hono } from "hono";
import { describeRoute, resolver } from "hono-openapi";
import * as z from "zod";

import {
  createEndpoint,
  deleteEndpoint,
  editEndpoint,
  type Endpoint,
  findEndpoint,
  listEndpoints,
  MAX_ENDPOINTS,
  rotateSecret,
  secretOfKey,
} from "../../shared/db/webhooks.ts";
import type { App } from "../app.ts";
import { actorOf } from "../auth.ts";
import { iso } from "../job-view.ts";
import { limitBody } from "../limit-body.ts";
import { type Problem, problem } from "../problem.ts";
import { parseBody } from "../validate.ts";
import { endpointEdit, endpointRequest } from "../webhook-requests.ts";
import { EndpointView, endpointView } from "../webhook-view.ts";

export const webhooks = new Hono<App>();

const Secret = z.object({ secret: z.string() });
const Rotated = Secret.extend({ previousValidUntil: z.iso.datetime() });

webhooks.post(
  "/",
  describe("Register an endpoint; its secret is shown this once", 201, EndpointView.extend({ secret: z.string() })),
  limitBody,
  async (c) => {
    const request = await parseBody(c, endpointRequest(c.env));
    if (!request.ok) return request.response;
    const { origin } = new URL(c.req.url);
    const actor = { ...actorOf(c), keyId: c.get("keyId") };
    const made = await createEndpoint(c.env.DB, { ...request.value, origin }, actor, Date.now());
    if (made === null) {
      return problem(c, { code: "too_many_webhooks", detail: `An owner has ${MAX_ENDPOINTS} endpoints at most.` });
    }
    const endpoint = await find(c, made.id);
    if (endpoint === null) return problem(c, notFound(made.id));
    const location = `${origin}/v1/webhooks/${made.id}`;
    return c.json({ ...endpointView(endpoint), secret: made.secret }, 201, { location });
  },
);

webhooks.get(
  "/",
  describe("The endpoints, newest first", 200, z.object({ webhooks: z.array(EndpointView) })),
  async (c) => c.json({ webhooks: (await listEndpoints(c.env.DB, c.get("ownerId"))).map(endpointView) }),
);

/** What deliveries to an address that came with a job are signed with. */
webhooks.get("/secret", describe("The calling key's own secret, for addresses given with a job", 200, Secret), async (c) => {
  const secret = await secretOfKey(c.env.DB, { id: c.get("keyId"), ownerId: c.get("ownerId") });
  return c.json({ secret }, 200, { "cache-control": "no-store" });
});

webhooks.post("/secret/rotate", describe("Another secret for the calling key", 200, Rotated), async (c) => {
  await secretOfKey(c.env.DB, { id: c.get("keyId"), ownerId: c.get("ownerId") });
  return rotate(c, `key:${c.get("keyId")}`);
});

webhooks.get("/:id", describe("One endpoint", 200, EndpointView), async (c) => {
  const endpoint = await find(c, c.req.param("id"));
  return endpoint === null ? problem(c, notFound(c.req.param("id"))) : c.json(endpointView(endpoint));
});

/** Change an endpoint. Disabled, it is told nothing, and what waited is cancelled. */
webhooks.patch("/:id", describe("Change, disable or enable an endpoint", 200, EndpointView), limitBody, async (c) => {
  const request = await parseBody(c, endpointEdit(c.env));
  if (!request.ok) return request.response;
  const id = c.req.param("id");
  await editEndpoint(c.env.DB, id, request.value, actorOf(c), Date.now());
  const endpoint = await find(c, id);
  return endpoint === null ? problem(c, notFound(id)) : c.json(endpointView(endpoint));
});

webhooks.delete("/:id", describe("Delete an endpoint with its log", 204), async (c) => {
  const id = c.req.param("id");
  const isDeleted = await deleteEndpoint(c.env.DB, id, actorOf(c), Date.now());
  return isDeleted ? c.body(null, 204) : problem(c, notFound(id));
});

webhooks.post("/:id/rotate", describe("Another secret; the old one signs as well for a day", 200, Rotated), async (c) =>
  rotate(c, c.req.param("id")),
);

async function rotate(c: Context<App>, signer: string): Promise<Response> {
  const rotated = await rotateSecret(c.env.DB, signer, actorOf(c), Date.now());
  if (rotated === null) return problem(c, notFound(signer));
  const body = { secret: rotated.secret, previousValidUntil: iso(rotated.previousUntil) };
  return c.json(body, 200, { "cache-control": "no-store" });
}

async function find(c: Context<App>, id: string): Promise<Endpoint | null> {
  return findEndpoint(c.env.DB, { id, ownerId: c.get("ownerId") });
}

function notFound(id: string): Problem {
  return { code: "webhook_not_found", detail: `There is no endpoint '${id}'.` };
}

function describe(summary: string, status: 200 | 201 | 204, schema?: z.ZodType) {
  const content = schema && { "application/json": { schema: resolver(schema) } };
  return describeRoute({
    summary,
    tags: ["webhooks"],
    responses: { [status]: { description: summary, ...(content && { content }) } },
  });
}
