import * as z from "zod";

import { BUDGET_PERIODS } from "../../shared/cost/budget.ts";
import { Time } from "../http/time.ts";

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
