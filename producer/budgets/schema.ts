import * as z from "zod";

import { BUDGET_PERIODS, EVERYBODY } from "../../shared/cost/budget.ts";
import { neurons } from "../../shared/jobs/terms.ts";
import { ACCOUNT, OwnerId } from "../../shared/keys/owner-id.ts";
import { Time } from "../http/time.ts";

/** The path of `/v1/budgets/{ownerId}/{period}`. */
export const BudgetPath = z.strictObject({
  ownerId: OwnerId.transform((ownerId) => (ownerId === ACCOUNT ? EVERYBODY : ownerId)),
  period: z.enum(BUDGET_PERIODS),
});

/** The body of `PUT /v1/budgets/{ownerId}/{period}`. */
export const BudgetRequest = z.strictObject({
  neurons: neurons(
    "must be above 0; to stop work, pause the kinds or revoke the owner's keys; to remove the budget, delete it",
  ),
  letsHighThrough: z.boolean().default(false),
});

/** A budget, with what has been spent in the current period. */
export const Budget = z
  .object({
    ownerId: z.string().nullable().describe("null for the budget of the account"),
    period: z.enum(BUDGET_PERIODS),
    neurons: z.number(),
    letsHighThrough: z.boolean().describe("whether jobs of priority high may exceed it"),
    spentNeurons: z.number(),
    reservedNeurons: z.number().describe("set aside for calls that are running"),
    remainingNeurons: z.number(),
    share: z.number().describe("`spentNeurons` divided by `neurons`; 1 means that all is spent"),
    resetsAt: Time,
  })
  .meta({ id: "Budget" });
export type Budget = z.infer<typeof Budget>;

export const BudgetList = z.object({ budgets: z.array(Budget) });
export type BudgetList = z.infer<typeof BudgetList>;

// What the document's examples show. A test checks each of them against the schemas.

export const BUDGET = {
  period: "month",
  neurons: 1000000,
  letsHighThrough: false,
  ownerId: "newsroom",
  spentNeurons: 41250.5,
  reservedNeurons: 172.8,
  remainingNeurons: 958576.7,
  share: 0.0414233,
  resetsAt: "2026-12-01T00:00:00.000Z",
};

export const BUDGETS = { budgets: [BUDGET] };

export const BUDGET_REQUEST = { neurons: 1000000 };
