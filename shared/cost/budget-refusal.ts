// What becomes of a call that a budget, or its job's `maxNeurons`, is in the way of.
import { EVERYBODY } from "../db/cost/usage.ts";
import type { Failure } from "../jobs/settlement.ts";
import { type BudgetPeriod, periodsAt } from "./budget-period.ts";

/** Names a budget. */
export interface BudgetKey {
  /** `EVERYBODY` for the account's. */
  readonly ownerId: string;
  readonly period: BudgetPeriod;
}

/** A budget that a call counts against, as it stands. */
export interface Standing extends BudgetKey {
  readonly neurons: number;
  readonly spent: number;
  /** By calls under way. */
  readonly reserved: number;
}

/** How much a job may cost, and has. */
export interface JobStanding {
  readonly maxNeurons: number;
  readonly spent: number;
  readonly reserved: number;
}

export type Refusal =
  /** No reset would help. */
  | { readonly type: "discard"; readonly failure: Failure }
  /** Until the budgets are counted anew: epoch milliseconds. */
  | { readonly type: "hold"; readonly failure: Failure; readonly until: number; readonly budgets: readonly BudgetKey[] }
  /** Until calls under way have settled: they may cost less than is set aside for them. */
  | { readonly type: "wait"; readonly failure: Failure };

/** Thrown in place of a call. */
export class CallRefused extends Error {
  override readonly name = "CallRefused";
  readonly refusal: Refusal;
  constructor(refusal: Refusal) {
    super(refusal.failure.message);
    this.refusal = refusal;
  }
}

/** Sums of neurons are of binary fractions: a millionth is no difference. */
export const SLACK_NEURONS = 1e-6;

/** What a call counts for at least: one that the catalogue has no price of waits as well once a budget is used up. */
export const LEAST_NEURONS = 2 * SLACK_NEURONS;

/** What becomes of who asked, as the end of a sentence. */
const THEN = {
  job: {
    hold: (reset: string) => `the job waits for ${reset} UTC.`,
    wait: "the job waits for what they really cost.",
  },
  request: {
    hold: (reset: string) => `it is counted anew at ${reset} UTC.`,
    wait: "ask again when they have ended.",
  },
} as const;

/** Why a call of so many neurons was not let through. `by` is who asked: a job can wait. */
export function refusalOf(
  neurons: number,
  { job, budgets, by }: { job: JobStanding | null; budgets: readonly Standing[]; by: keyof typeof THEN },
  now: number,
): Refusal {
  if (job !== null && job.spent + neurons > job.maxNeurons + SLACK_NEURONS) {
    const message = `The next call would cost ${figure(neurons)} neurons; of the job's 'maxNeurons' of ${figure(job.maxNeurons)}, ${figure(job.spent)} are spent.`;
    return { type: "discard", failure: { code: "max_neurons_reached", message } };
  }
  const tooSmall = budgets.find((budget) => neurons > budget.neurons + SLACK_NEURONS);
  if (tooSmall !== undefined) {
    const message = `One call would cost ${figure(neurons)} neurons, more than ${nameOf(tooSmall)} has in all.`;
    return { type: "discard", failure: { code: "exceeds_budget", message } };
  }
  const used = budgets.filter(
    ({ spent, neurons: all }) => spent + Math.max(neurons, LEAST_NEURONS) > all + SLACK_NEURONS,
  );
  const until = Math.max(...used.map(({ period }) => periodsAt(now)[period].resetsAt));
  const last = used.find(({ period }) => periodsAt(now)[period].resetsAt === until);
  if (last !== undefined) {
    const reset = new Date(until).toISOString().slice(0, 16).replace("T", " ");
    const message = `${sentence(last)}, and the next call would cost ${figure(neurons)}; ${THEN[by].hold(reset)}`;
    return { type: "hold", failure: { code: "budget_used", message }, until, budgets: used };
  }
  const message = `Calls under way may use up what is left; ${THEN[by].wait}`;
  return { type: "wait", failure: { code: "budget_reserved", message } };
}

/** What the account has spent is nobody's to read in somebody's job. */
function sentence(budget: Standing): string {
  const name = nameOf(budget);
  const claim = `${name.charAt(0).toUpperCase()}${name.slice(1)} is used up`;
  return budget.ownerId === EVERYBODY
    ? claim
    : `${claim} (${figure(budget.spent)} of ${figure(budget.neurons)} neurons)`;
}

function nameOf({ ownerId, period }: BudgetKey): string {
  const adjective = { day: "daily", month: "monthly" }[period];
  return ownerId === EVERYBODY ? `the account's ${adjective} budget` : `the owner's ${adjective} budget`;
}

function figure(neurons: number): string {
  return neurons.toLocaleString("en", { maximumFractionDigits: 3 });
}
