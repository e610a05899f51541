import { type Context, Hono } from "hono";
import type { DescribeRouteOptions } from "hono-openapi";

import { BUDGET_PERIODS, type BudgetKey, EVERYBODY, periodsAt } from "../../shared/cost/budget.ts";
import { type Budget as Row, deleteBudget, listBudgets, setBudget } from "../../shared/db/cost/budgets.ts";
import { announce } from "../../shared/jobs/announce.ts";
import { intakeOf } from "../../shared/jobs/intake.ts";
import { MESSAGES_A_CALL } from "../../shared/jobs/wake.ts";
import type { App } from "../http/app.ts";
import { actorOf } from "../http/auth.ts";
import { iso } from "../http/time.ts";
import { body, BODY_PROBLEMS, describe, query } from "../http/describe.ts";
import { limitBody } from "../http/limit-body.ts";
import { operatorOnly } from "../http/operator-only.ts";
import { problem } from "../http/problem.ts";
import { ACCOUNT, OWNER_ID } from "../../shared/keys/owner-id.ts";
import { NoQuery } from "../http/page-query.ts";
import { parse } from "../http/validate.ts";
import { Budget, BudgetList, BudgetPath, BudgetRequest, BUDGET, BUDGETS, BUDGET_REQUEST } from "./schema.ts";

export const budgets = new Hono<App>();

const tags = ["operations"] as const;

const PARAMETERS: NonNullable<DescribeRouteOptions["parameters"]> = [
  {
    in: "path",
    name: "ownerId",
    description: "an owner, or `account` for the whole account",
    required: true,
    schema: { type: "string", pattern: OWNER_ID.source },
  },
  { in: "path", name: "period", required: true, schema: { type: "string", enum: [...BUDGET_PERIODS] } },
];

const forOperator = operatorOnly("Only the operator may set or delete budgets. Use a key of the operator.");

/** List the caller's own budgets, or for the operator those of every owner and of the account. */
budgets.get(
  "/",
  describe({
    operationId: "listBudgets",
    summary: "List budgets with what has been spent: your own, or for the operator those of every owner",
    description: "A budget limits the neurons of an owner, or of the account, in a day or a month.",
    tags,
    answers: { 200: { description: "the budgets by owner", schema: BudgetList, example: BUDGETS } },
    problems: ["invalid_request"],
  }),
  query(NoQuery),
  async (c) => {
    const now = Date.now();
    const ownerId = c.get("ownerId");
    const rows = await listBudgets(c.env.DB, ownerId === c.env.OPERATOR_ID ? null : ownerId, now);
    const answer: BudgetList = { budgets: rows.map((row) => budgetView(row, now)) };
    return c.json(answer);
  },
);

/** Set a budget. Jobs that the old budget held are released, and held again if the new budget requires it. */
budgets.put(
  "/:ownerId/:period",
  describe({
    operationId: "setBudget",
    summary: "Set a budget, and check again the jobs that it held",
    description:
      "Replaces the budget of this period. `account` in place of an owner sets the budget of all owners together. Only the operator may set budgets.",
    request: BUDGET_REQUEST,
    tags,
    parameters: PARAMETERS,
    answers: { 200: { description: "the budget", schema: Budget, example: BUDGET } },
    problems: [...BODY_PROBLEMS, "forbidden"],
  }),
  limitBody,
  forOperator,
  body(BudgetRequest),
  async (c) => {
    const key = keyOf(c);
    if (!key.ok) return key.response;
    const intake = intakeOf(c.env);
    const { db } = intake;
    const now = Date.now();
    const { ownerId } = key.value;
    const toldOwnerId = ownerId === EVERYBODY ? c.get("ownerId") : ownerId;
    const by = { actor: actorOf(c), toldOwnerId };
    const edit = { ...key.value, ...c.req.valid("json") };
    await announce(await setBudget(db, edit, by, { now, limit: MESSAGES_A_CALL }), intake);
    const rows = await listBudgets(db, ownerId, now);
    const row = rows.find(({ period }) => period === key.value.period);
    return row === undefined ? noBudget(c, key.value) : c.json(budgetView(row, now));
  },
);

/** Delete a budget, and release the jobs that it held. */
budgets.delete(
  "/:ownerId/:period",
  describe({
    operationId: "deleteBudget",
    summary: "Delete a budget; the jobs that it held continue",
    description: "The owner is no longer limited in this period. Only the operator may delete budgets.",
    tags,
    parameters: PARAMETERS,
    answers: { 204: { description: "the budget is deleted" } },
    problems: ["invalid_request", "forbidden", "budget_not_found"],
  }),
  forOperator,
  async (c) => {
    const key = keyOf(c);
    if (!key.ok) return key.response;
    const intake = intakeOf(c.env);
    const at = { now: Date.now(), limit: MESSAGES_A_CALL };
    const changes = await deleteBudget(intake.db, key.value, actorOf(c), at);
    if (changes === null) return noBudget(c, key.value);
    await announce(changes, intake);
    return c.body(null, 204);
  },
);

function keyOf(c: Context<App>) {
  return parse(c, BudgetPath, c.req.param());
}

function noBudget(c: Context<App>, { ownerId, period }: BudgetKey): Response {
  const name = ownerId === EVERYBODY ? ACCOUNT : ownerId;
  return problem(c, { code: "budget_not_found", detail: `There is no budget '${name}/${period}'.` });
}

function budgetView({ ownerId, spent, reserved, ...budget }: Row, now: number): Budget {
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
