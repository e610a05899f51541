import { Hono } from "hono";

import { readWhole } from "../../shared/archive/whole.ts";
import { readReceipt } from "../../shared/db/cost/receipt-reads.ts";
import { intakeOf } from "../../shared/jobs/intake.ts";
import type { App } from "../http/app.ts";
import { describe, query } from "../http/describe.ts";
import { problem } from "../http/problem.ts";
import { receiptView } from "./receipt-view.ts";
import { NoQuery } from "../http/page-query.ts";
import { Receipt } from "../usage/schema.ts";
import { RECEIPT } from "../usage/examples.ts";

export const receipts = new Hono<App>();

receipts.get(
  "/:id/receipt",
  describe({
    operationId: "readReceipt",
    summary: "Read what a job has cost so far, item by item",
    description:
      "Lists each call to a model and each priced operation of the platform. `reckoned` quantities are usual numbers; the others were counted.",
    tags: ["cost"],
    answers: {
      200: {
        description: "the receipt; while the job runs, that of the attempts that have ended",
        schema: Receipt,
        example: RECEIPT,
      },
    },
    problems: ["job_not_found", "invalid_request"],
  }),
  query(NoQuery),
  async (c) => {
    const id = c.req.param("id");
    const deps = intakeOf(c.env);
    const job = { id, ownerId: c.get("ownerId") };
    const found = await readWhole(deps, job, () => readReceipt(deps.db, job));
    if (found === null) return problem(c, { code: "job_not_found", detail: `There is no job '${id}'.` });
    return c.json(receiptView(found));
  },
);
