import { Hono } from "hono";

import { readFindings } from "../../shared/db/uploads/findings.ts";
import type { App } from "../http/app.ts";
import { describe, query } from "../http/describe.ts";
import { operatorOnly } from "../http/operator-only.ts";
import { NoQuery } from "../http/page-query.ts";
import { deploymentChecks } from "./deployment-checks.ts";
import { CheckList } from "./schema.ts";

export const checks = new Hono<App>();

/** What this deployment lacks, with the command that mends it. */
checks.get(
  "/",
  describe({
    operationId: "readChecks",
    summary: "What the deployment lacks, and the commands that mend it",
    tags: ["operations"],
    answers: { 200: { description: "each part, also those that are there", schema: CheckList } },
    problems: ["invalid_request", "forbidden"],
  }),
  operatorOnly("The deployment is looked at with a key of the operator."),
  query(NoQuery),
  async (c) => {
    const answer: CheckList = { checks: [...deploymentChecks(c.env, c.req.url, await readFindings(c.env.DB))] };
    return c.json(answer);
  },
);
