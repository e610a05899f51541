import * as z from "zod";

import { BUDGET_PERIODS } from "../../shared/cost/budget-period.ts";
import { Time } from "../http/time.ts";

/** A budget as it stands in its period. */
export const Budget = z
  .object({
    ownerId: z.string().nullable().describe("null for the account's"),
    period: z.enum(BUDGET_PERIODS),
    neurons: z.number(),
    letsHighThrough: z.boolean().describe("whether jobs of priority high may exceed it"),
    spentNeurons: z.number(),
    reservedNeurons: z.number().describe("set aside for calls under way"),
    remainingNeurons: z.number(),
    share: z.number().describe("spent of neurons; 1 is all"),
    resetsAt: Time,
  })
  .meta({ id: "Budget" });
export type Budget = z.infer<typeof Budget>;

export const BudgetList = z.object({ budgets: z.array(Budget) });
export type BudgetList = z.infer<typeof BudgetList>;
