import { type Context, Hono } from "hono";

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
} from "../../shared/db/webhooks/webhooks.ts";
import type { App } from "../http/app.ts";
import { actorOf } from "../http/auth.ts";
import { body, BODY_PROBLEMS, describe } from "../http/describe.ts";
import { iso } from "../http/time.ts";
import { limitBody } from "../http/limit-body.ts";
import { type Problem, problem, type ProblemCode } from "../http/problem.ts";
import { CreatedWebhook, RotatedSecret, Webhook, WebhookList, WebhookSecret } from "./schema.ts";
import { endpointEdit, endpointRequest } from "./requests.ts";
import { endpointView } from "./view.ts";
import {
  CREATED_WEBHOOK,
  DISABLED_WEBHOOK,
  ROTATED_SECRET,
  SECRET,
  WEBHOOK,
  WEBHOOKS,
  WEBHOOK_CHANGE,
  WEBHOOK_REQUEST,
} from "./examples.ts";

export const webhooks = new Hono<App>();

const tags = ["webhooks"] as const;
const NOT_FOUND = ["webhook_not_found"] as const satisfies ProblemCode[];
const mayBeInsecure = (env: Env) => env.ALLOW_INSECURE_WEBHOOKS === "true";

webhooks.post(
  "/",
  describe({
    operationId: "createWebhook",
    summary: "Register an endpoint; its secret is shown only in this answer",
    description:
      "Darkroom sends the events of jobs to the URL, signed by the Standard Webhooks scheme. The answer has the endpoint's secret, which is shown only once.",
    request: WEBHOOK_REQUEST,
    tags,
    answers: {
      201: {
        description: "the endpoint",
        schema: CreatedWebhook,
        example: CREATED_WEBHOOK,
        headers: { location: "the endpoint" },
      },
    },
    problems: [...BODY_PROBLEMS, "too_many_webhooks", ...NOT_FOUND],
  }),
  limitBody,
  body(endpointRequest(false), { where: (env) => endpointRequest(mayBeInsecure(env)) }),
  async (c) => {
    const { origin } = new URL(c.req.url);
    const actor = { ...actorOf(c), keyId: c.get("keyId") };
    const made = await createEndpoint(c.env.DB, { ...c.req.valid("json"), origin }, actor, Date.now());
    if (made === null) {
      return problem(c, {
        code: "too_many_webhooks",
        detail: `An owner may have at most ${MAX_ENDPOINTS} endpoints. Delete one first.`,
      });
    }
    const endpoint = await find(c, made.id);
    if (endpoint === null) return problem(c, notFound(made.id));
    const location = `${origin}/v1/webhooks/${made.id}`;
    const answer: CreatedWebhook = { ...endpointView(endpoint), secret: made.secret };
    return c.json(answer, 201, { location });
  },
);

webhooks.get(
  "/",
  describe({
    operationId: "listWebhooks",
    summary: "List the endpoints, newest first",
    description: "All endpoints of the owner, also those that are disabled.",
    tags,
    answers: { 200: { description: "all endpoints", schema: WebhookList, example: WEBHOOKS } },
  }),
  async (c) => {
    const answer: WebhookList = { webhooks: (await listEndpoints(c.env.DB, c.get("ownerId"))).map(endpointView) };
    return c.json(answer);
  },
);

/** Read the secret that signs deliveries to an address that a client sent with a job. */
webhooks.get(
  "/secret",
  describe({
    operationId: "readWebhookSecret",
    summary: "Read the calling key's own secret, which signs deliveries to addresses that were sent with a job",
    description:
      "The secret that signs deliveries to addresses that a request names itself, such as Replicate's `webhook`.",
    tags,
    answers: { 200: { description: "the secret", schema: WebhookSecret, example: SECRET } },
  }),
  async (c) => {
    const secret = await secretOfKey(c.env.DB, { id: c.get("keyId"), ownerId: c.get("ownerId") });
    const answer: WebhookSecret = { secret };
    return c.json(answer, 200, { "cache-control": "no-store" });
  },
);

webhooks.post(
  "/secret/rotate",
  describe({
    operationId: "rotateWebhookSecret",
    summary: "Rotate the calling key's secret; deliveries are also signed with the old one for a day",
    description: "Makes a new secret of the key. For a day, deliveries are signed with both.",
    tags,
    answers: { 200: { description: "the new secret", schema: RotatedSecret, example: ROTATED_SECRET } },
    problems: NOT_FOUND,
  }),
  async (c) => {
    await secretOfKey(c.env.DB, { id: c.get("keyId"), ownerId: c.get("ownerId") });
    return rotate(c, `key:${c.get("keyId")}`);
  },
);

webhooks.get(
  "/:id",
  describe({
    operationId: "readWebhook",
    summary: "Read an endpoint",
    description: "Shows the endpoint without its secret.",
    tags,
    answers: { 200: { description: "the endpoint", schema: Webhook, example: WEBHOOK } },
    problems: NOT_FOUND,
  }),
  async (c) => {
    const endpoint = await find(c, c.req.param("id"));
    return endpoint === null ? problem(c, notFound(c.req.param("id"))) : c.json(endpointView(endpoint));
  },
);

/** Change an endpoint. A disabled endpoint receives nothing, and its waiting deliveries are cancelled. */
webhooks.patch(
  "/:id",
  describe({
    operationId: "editWebhook",
    summary: "Change, disable or enable an endpoint",
    description: "Changes the fields that the body has. `disabled: false` enables an endpoint again.",
    request: WEBHOOK_CHANGE,
    tags,
    answers: { 200: { description: "the endpoint after the change", schema: Webhook, example: DISABLED_WEBHOOK } },
    problems: [...BODY_PROBLEMS, ...NOT_FOUND],
  }),
  limitBody,
  body(endpointEdit(false), { where: (env) => endpointEdit(mayBeInsecure(env)) }),
  async (c) => {
    const id = c.req.param("id");
    const actor = { ...actorOf(c), keyId: c.get("keyId") };
    await editEndpoint(c.env.DB, id, c.req.valid("json"), actor, Date.now());
    const endpoint = await find(c, id);
    return endpoint === null ? problem(c, notFound(id)) : c.json(endpointView(endpoint));
  },
);

webhooks.delete(
  "/:id",
  describe({
    operationId: "deleteWebhook",
    summary: "Delete an endpoint with its log",
    description: "Deletes the endpoint and its log. Deliveries that wait are not sent.",
    tags,
    answers: { 204: { description: "the endpoint is deleted" } },
    problems: NOT_FOUND,
  }),
  async (c) => {
    const id = c.req.param("id");
    const isDeleted = await deleteEndpoint(c.env.DB, id, actorOf(c), Date.now());
    return isDeleted ? c.body(null, 204) : problem(c, notFound(id));
  },
);

webhooks.post(
  "/:id/rotate",
  describe({
    operationId: "rotateSecretOfWebhook",
    summary: "Rotate an endpoint's secret; deliveries are also signed with the old one for a day",
    description: "Makes a new secret. For a day, deliveries are signed with both.",
    tags,
    answers: { 200: { description: "the new secret", schema: RotatedSecret, example: ROTATED_SECRET } },
    problems: NOT_FOUND,
  }),
  async (c) => {
    const id = c.req.param("id");
    // A signer may also be a key. Another key may not see its secret.
    return id.startsWith("key:") ? problem(c, notFound(id)) : rotate(c, id);
  },
);

async function rotate(c: Context<App>, signer: string): Promise<Response> {
  const rotated = await rotateSecret(c.env.DB, signer, actorOf(c), Date.now());
  if (rotated === null) return problem(c, notFound(signer));
  const answer: RotatedSecret = { secret: rotated.secret, previousValidUntil: iso(rotated.previousUntil) };
  return c.json(answer, 200, { "cache-control": "no-store" });
}

async function find(c: Context<App>, id: string): Promise<Endpoint | null> {
  return findEndpoint(c.env.DB, { id, ownerId: c.get("ownerId") });
}

function notFound(id: string): Problem {
  return { code: "webhook_not_found", detail: `There is no endpoint '${id}'.` };
}
