import { periodsAt } from "../shared/budgets/period.ts";
import type { Budget } from "../shared/db/budgets.ts";
import { EVERYBODY } from "../shared/db/usage.ts";
import { iso } from "./job-view.ts";
import type { Budget as BudgetView } from "./views/budget.ts";

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
