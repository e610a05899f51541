import { periodsAt, EVERYBODY } from "../../shared/cost/budget.ts";
import type { Budget } from "../../shared/db/cost/budgets.ts";
import { iso } from "../http/time.ts";
import type { Budget as BudgetView } from "./schema.ts";

export function budgetView({ ownerId, spent, reserved, ...budget }: Budget, now: number): BudgetView {
  return {
    ...budget,
    ownerId: ownerId === EVERYBODY ? null : ownerId,
    spentNeurons: spent,
    reservedNeurons: reserved,
    remainingNeurons: Math.max(0, budget.neurons - spent - reserved),
    share: spent / budget.neurons,
    resetsAt: iso(periodsAt(now)[budget.period].resetsAt),
  };
}
