import { type Context, Hono } from "hono";
import type { DescribeRouteOptions } from "hono-openapi";

import {
  deleteRetention,
  listRetentions,
  type Retention as Row,
  setRetention,
} from "../../shared/db/jobs/retention.ts";
import type { App } from "../http/app.ts";
import { actorOf } from "../http/auth.ts";
import { body, BODY_PROBLEMS, describe, query } from "../http/describe.ts";
import { iso } from "../http/time.ts";
import { limitBody } from "../http/limit-body.ts";
import { operatorOnly } from "../http/operator-only.ts";
import { RetentionPath, RetentionRequest } from "./requests.ts";
import { problem } from "../http/problem.ts";
import { NoQuery } from "../http/page-query.ts";
import { parse } from "../http/validate.ts";
import { Retention, RetentionList } from "./schema.ts";

export const retention = new Hono<App>();

const tags = ["operations"];

const PARAMETERS: NonNullable<DescribeRouteOptions["parameters"]> = [
  { in: "path", name: "ownerId", required: true, schema: { type: "string", pattern: "^[\\w.:@-]{1,100}$" } },
];

const forOperator = operatorOnly("How long jobs are kept is set with a key of the operator.");

/** One's own; for the operator everybody's. */
retention.get(
  "/",
  describe({
    operationId: "listRetentions",
    summary: "How long ended jobs are kept: one's own, or for the operator everybody's",
    tags,
    answers: { 200: { description: "by owner", schema: RetentionList } },
    problems: ["invalid_request"],
  }),
  query(NoQuery),
  async (c) => {
    const ownerId = c.get("ownerId");
    const rows = await listRetentions(c.env.DB, ownerId === c.env.OPERATOR_ID ? null : ownerId);
    const answer: RetentionList = { days: Number(c.env.RETENTION_DAYS), retentions: rows.map(retentionView) };
    return c.json(answer);
  },
);

/** From now on: jobs that are older than that are deleted by maintenance, fifty a minute. */
retention.put(
  "/:ownerId",
  describe({
    operationId: "setRetention",
    summary: "Say how long an owner's ended jobs are kept",
    tags,
    parameters: PARAMETERS,
    answers: { 200: { description: "the retention", schema: Retention } },
    problems: [...BODY_PROBLEMS, "forbidden"],
  }),
  limitBody,
  forOperator,
  body(RetentionRequest),
  async (c) => {
    const path = pathOf(c);
    if (!path.ok) return path.response;
    const row: Row = { ...path.value, ...c.req.valid("json"), setAt: Date.now() };
    await setRetention(c.env.DB, row, actorOf(c));
    return c.json(retentionView(row));
  },
);

/** Keep the owner's jobs as long as everybody's. */
retention.delete(
  "/:ownerId",
  describe({
    operationId: "deleteRetention",
    summary: "Keep an owner's ended jobs as long as everybody's",
    tags,
    parameters: PARAMETERS,
    answers: { 204: { description: "it has none of its own any more" } },
    problems: ["invalid_request", "forbidden", "retention_not_found"],
  }),
  forOperator,
  async (c) => {
    const path = pathOf(c);
    if (!path.ok) return path.response;
    const { ownerId } = path.value;
    if (await deleteRetention(c.env.DB, ownerId, actorOf(c), Date.now())) return c.body(null, 204);
    return problem(c, { code: "retention_not_found", detail: `No retention is set for the owner '${ownerId}'.` });
  },
);

function pathOf(c: Context<App>) {
  return parse(c, RetentionPath, c.req.param());
}

function retentionView({ ownerId, days, setAt }: Row): Retention {
  return { ownerId, days, setAt: iso(setAt) };
}
