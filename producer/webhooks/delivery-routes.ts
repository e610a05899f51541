import { type Context, Hono } from "hono";

import {
  findDelivery,
  insertTest,
  listDeliveries,
  readSecrets,
  replayDelivery,
} from "../../shared/db/webhooks/delivery-log.ts";
import { type Endpoint, findEndpoint } from "../../shared/db/webhooks/webhooks.ts";
import { announce } from "../../shared/jobs/announce.ts";
import { intakeOf } from "../../shared/jobs/intake.ts";
import { createConnections } from "../../shared/connections.ts";
import { sendWebhook } from "../../shared/webhooks/send.ts";
import type { App } from "../http/app.ts";
import { actorOf } from "../http/auth.ts";
import { paginate } from "../http/cursor.ts";
import { describe, query } from "../http/describe.ts";
import { problem } from "../http/problem.ts";
import { PageQuery } from "../http/page-query.ts";
import { Delivery, DeliveryPage } from "./schema.ts";
import { deliveryView } from "./view.ts";
import { DELIVERIES, TEST_DELIVERY, WAITING_DELIVERY } from "./examples.ts";

export const deliveries = new Hono<App>();

const tags = ["webhooks"] as const;

/** List the deliveries to an endpoint, newest first. */
deliveries.get(
  "/:id/deliveries",
  describe({
    operationId: "listDeliveries",
    summary: "List the deliveries to an endpoint, newest first",
    description: "Each delivery has its attempts, the last response, and when it is tried again.",
    tags,
    answers: { 200: { description: "a page of the log", schema: DeliveryPage, example: DELIVERIES } },
    problems: ["invalid_request", "webhook_not_found"],
  }),
  query(PageQuery),
  async (c) => {
    const endpoint = await find(c);
    if (endpoint instanceof Response) return endpoint;
    const { cursor, limit } = c.req.valid("query");
    const asked = { ownerId: c.get("ownerId"), limit: limit + 1, before: cursor };
    const rows = await listDeliveries(c.env.DB, endpoint.id, asked);
    const { page, nextCursor } = paginate(rows, limit, ({ createdAt, id }) => ({ at: createdAt, id }));
    const answer: DeliveryPage = { deliveries: page.map(deliveryView), nextCursor };
    return c.json(answer);
  },
);

/** Replay a delivery with the same `webhook-id`. */
deliveries.post(
  "/:id/deliveries/:deliveryId/replay",
  describe({
    operationId: "replayDelivery",
    summary: "Replay a delivery with the same `webhook-id`",
    description: "Sends the same payload with the same id once more. The endpoint must be enabled.",
    tags,
    answers: {
      202: { description: "the delivery, which waits to be sent", schema: Delivery, example: WAITING_DELIVERY },
    },
    problems: ["webhook_not_found", "delivery_not_found", "not_replayable"],
  }),
  async (c) => {
    const endpoint = await find(c);
    if (endpoint instanceof Response) return endpoint;
    const intake = intakeOf(c.env);
    const { db } = intake;
    const wanted = { id: c.req.param("deliveryId"), endpointId: endpoint.id, ownerId: c.get("ownerId") };
    const delivery = await findDelivery(db, wanted);
    if (delivery === null) {
      return problem(c, { code: "delivery_not_found", detail: `There is no delivery '${wanted.id}'.` });
    }
    const { id, jobId } = delivery;
    if (endpoint.disabledAt !== null) return notReplayable(c, "The endpoint is disabled. Enable it first.");
    if (jobId === null) return notReplayable(c, "Tests and alerts cannot be replayed.");
    const changes = await replayDelivery(db, { id, jobId }, actorOf(c), Date.now());
    if (changes.ready.length === 0)
      return notReplayable(c, `'${id}' is being delivered. Try again when that has ended.`);
    await announce(changes, intake);
    const replayed = await findDelivery(db, wanted);
    return c.json(deliveryView(replayed ?? delivery), 202);
  },
);

/** Send a test event once, at once, and answer with the endpoint's response. */
deliveries.post(
  "/:id/test",
  describe({
    operationId: "testWebhook",
    summary: "Send a test event to an endpoint, once, and read its response",
    description: "Sends `webhook.test` at once, and waits for the response.",
    tags,
    answers: { 200: { description: "the delivery with the response", schema: Delivery, example: TEST_DELIVERY } },
    problems: ["webhook_not_found"],
  }),
  async (c) => {
    const endpoint = await find(c);
    if (endpoint instanceof Response) return endpoint;
    const { db, journal } = intakeOf(c.env);
    const now = Date.now();
    const ownerId = c.get("ownerId");
    const id = `whd_test_${crypto.randomUUID().replaceAll("-", "")}`;
    const timestamp = new Date(now).toISOString();
    const payload = JSON.stringify({ type: "webhook.test", timestamp, data: { webhookId: endpoint.id } });
    const secrets = await readSecrets(db, endpoint.id, now);
    const answer = await sendWebhook(
      { id, url: endpoint.url, secrets, body: payload },
      { allowInsecure: c.env.ALLOW_INSECURE_WEBHOOKS === "true", connections: createConnections() },
    );
    await insertTest(db, { id, endpointId: endpoint.id, payload }, answer, { ownerId, now });
    const { durationMs } = answer;
    journal.record(
      { event: "webhook.tested", ownerId, durationMs, code: answer.failure?.code },
      { endpointId: endpoint.id },
    );
    const delivery = await findDelivery(db, { id, endpointId: endpoint.id, ownerId });
    if (delivery === null)
      return problem(c, { code: "webhook_not_found", detail: "The endpoint was deleted during the test." });
    const tested: Delivery = { ...deliveryView(delivery), error: answer.failure };
    return c.json(tested);
  },
);

async function find(c: Context<App>): Promise<Endpoint | Response> {
  const id = c.req.param("id") ?? "";
  const endpoint = await findEndpoint(c.env.DB, { id, ownerId: c.get("ownerId") });
  return endpoint ?? problem(c, { code: "webhook_not_found", detail: `There is no endpoint '${id}'.` });
}

function notReplayable(c: Context<App>, detail: string): Response {
  return problem(c, { code: "not_replayable", detail });
}
