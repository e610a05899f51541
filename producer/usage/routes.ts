import { Hono } from "hono";

import { readUsage } from "../../shared/db/cost/usage-reads.ts";
import type { App } from "../http/app.ts";
import { describe, query } from "../http/describe.ts";
import { readFree } from "./free-neurons.ts";
import { problem } from "../http/problem.ts";
import { UsageQuery } from "./requests.ts";
import { MOST_ROWS, usageView } from "./view.ts";
import { UsageAnswer } from "./schema.ts";
import { USAGE } from "./examples.ts";

export const usage = new Hono<App>();

/** The operator gets the usage of every owner, together, of one or of each. Other owners get their own only. */
usage.get(
  "/",
  describe({
    operationId: "readUsage",
    summary: "Read what was consumed, by day, model, kind or owner",
    description:
      "Sums calls, neurons and cost by day, model, kind or owner, and shows how many of the day's free neurons are left.",
    tags: ["cost"],
    answers: {
      200: {
        description: "the usage of every owner for the operator, otherwise your own",
        schema: UsageAnswer,
        example: USAGE,
      },
    },
    problems: ["invalid_request", "forbidden"],
  }),
  query(UsageQuery),
  async (c) => {
    const { fromDay, toDay, by, ownerId: asked } = c.req.valid("query");
    const caller = c.get("ownerId");
    const isOperator = caller === c.env.OPERATOR_ID;
    if (!isOperator && (by.includes("owner") || (asked !== undefined && asked !== caller))) {
      return problem(c, {
        code: "forbidden",
        detail: "Only the operator may read the usage of other owners. Leave 'ownerId' and 'by=owner' out.",
      });
    }
    const now = Date.now();
    const ownerId = asked ?? (isOperator ? null : caller);
    const found = await readUsage(c.env.DB, { ownerId, fromDay, toDay, by, limit: MOST_ROWS + 1 });
    if (found.rows.length > MOST_ROWS) {
      const detail = `The answer would have more than ${MOST_ROWS} rows. Ask for fewer days, or for fewer groups in 'by'.`;
      return problem(c, { code: "invalid_request", detail });
    }
    const free = await readFree(c.env.DB, { ownerId: caller, operatorId: c.env.OPERATOR_ID, now });
    return c.json(usageView(found, { ownerId, fromDay, toDay, free }));
  },
);
