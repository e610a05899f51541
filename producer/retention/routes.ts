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
import { OWNER_ID } from "../../shared/keys/owner-id.ts";
import { operatorOnly } from "../http/operator-only.ts";
import {
  RetentionPath,
  RetentionRequest,
  Retention,
  RetentionList,
  RETENTION,
  RETENTIONS,
  RETENTION_REQUEST,
} from "./schema.ts";
import { problem } from "../http/problem.ts";
import { NoQuery } from "../http/page-query.ts";
import { parse } from "../http/validate.ts";

export const retention = new Hono<App>();

const tags = ["operations"] as const;

const PARAMETERS: NonNullable<DescribeRouteOptions["parameters"]> = [
  { in: "path", name: "ownerId", required: true, schema: { type: "string", pattern: OWNER_ID.source } },
];

const forOperator = operatorOnly("Only the operator may set how long jobs are kept. Use a key of the operator.");

/** List the caller's own retention, or for the operator those of every owner. */
retention.get(
  "/",
  describe({
    operationId: "listRetentions",
    summary: "List how long ended jobs are kept: your own, or for the operator those of every owner",
    description: "Jobs are deleted this many days after they ended. `days` is the deployment's default.",
    tags,
    answers: { 200: { description: "the retentions by owner", schema: RetentionList, example: RETENTIONS } },
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

/** Set an owner's retention. It applies at once: maintenance deletes older jobs within minutes. */
retention.put(
  "/:ownerId",
  describe({
    operationId: "setRetention",
    summary: "Set how long an owner's ended jobs are kept",
    description: "The jobs of this owner are deleted after this many days. Only the operator may set it.",
    request: RETENTION_REQUEST,
    tags,
    parameters: PARAMETERS,
    answers: { 200: { description: "the retention", schema: Retention, example: RETENTION } },
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

/** Delete an owner's retention. The default applies again. */
retention.delete(
  "/:ownerId",
  describe({
    operationId: "deleteRetention",
    summary: "Delete an owner's retention, so that the default applies again",
    description: "The deployment's default counts for this owner again. Only the operator may delete it.",
    tags,
    parameters: PARAMETERS,
    answers: { 204: { description: "the owner has no retention of its own any more" } },
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
