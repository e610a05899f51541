import * as z from "zod";

import { BUDGET_PERIODS, EVERYBODY } from "../../shared/cost/budget.ts";
import { neurons } from "../../shared/jobs/terms.ts";
import { ACCOUNT, OwnerId } from "../../shared/keys/owner-id.ts";

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
