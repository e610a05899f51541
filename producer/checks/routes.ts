import { Hono } from "hono";

import { readFindings } from "../../shared/db/uploads/findings.ts";
import type { App } from "../http/app.ts";
import { describe, query } from "../http/describe.ts";
import { operatorOnly } from "../http/operator-only.ts";
import { NoQuery } from "../http/page-query.ts";
import { deploymentChecks } from "./deployment-checks.ts";
import { CheckList, CHECK_LIST } from "./schema.ts";

export const checks = new Hono<App>();

/** List the parts that this deployment lacks, with the commands that add them. */
checks.get(
  "/",
  describe({
    operationId: "readChecks",
    summary: "List what the deployment lacks, and the commands that add it",
    description:
      "Lists every optional part of the deployment with its state, and the commands that set up a missing one.",
    tags: ["operations"],
    answers: {
      200: { description: "every part, including those that are set up", schema: CheckList, example: CHECK_LIST },
    },
    problems: ["invalid_request", "forbidden"],
  }),
  operatorOnly("Only the operator may check the deployment. Use a key of the operator."),
  query(NoQuery),
  async (c) => {
    const answer: CheckList = { checks: [...deploymentChecks(c.env, c.req.url, await readFindings(c.env.DB))] };
    return c.json(answer);
  },
);
