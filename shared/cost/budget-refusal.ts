// Decides what happens to a call that a budget, or its job's `maxNeurons`, does not allow.
import type { Failure } from "../jobs/outcome.ts";
import { type BudgetKey, EVERYBODY, periodsAt } from "./budget.ts";

/** A budget that a call counts against, in its present state. */
export interface Standing extends BudgetKey {
  readonly neurons: number;
  readonly spent: number;
  /** Neurons that are reserved for running calls. */
  readonly reserved: number;
}

/** How much a job may cost, and how much it has cost. */
export interface JobStanding {
  readonly maxNeurons: number;
  readonly spent: number;
  readonly reserved: number;
}

export type Refusal =
  /** No reset would help. */
  | { readonly type: "discard"; readonly failure: Failure }
  /** Held until the budgets are reset: epoch milliseconds. */
  | { readonly type: "hold"; readonly failure: Failure; readonly until: number; readonly budgets: readonly BudgetKey[] }
  /** Waits until running calls have settled: they may cost less than is reserved for them. */
  | { readonly type: "wait"; readonly failure: Failure };

/** Thrown instead of making a call. */
export class CallRefused extends Error {
  override readonly name = "CallRefused";
  readonly refusal: Refusal;
  constructor(refusal: Refusal) {
    super(refusal.failure.message);
    this.refusal = refusal;
  }
}

/** Sums of neurons are sums of binary fractions: a difference of a millionth does not count. */
export const SLACK_NEURONS = 1e-6;

/** Return whether these neurons are within a limit. */
export function isWithin(neurons: number, limit: number): boolean {
  return neurons <= limit + SLACK_NEURONS;
}

/** The least that a call counts for. So a call without a price in the catalogue also waits when a budget is used up. */
export const LEAST_NEURONS = 2 * SLACK_NEURONS;

/** What happens next to the caller's work, as the end of a sentence. */
const THEN = {
  job: {
    hold: (reset: string) => `the job waits for ${reset} UTC.`,
    wait: "the job waits until their cost is known.",
  },
  request: {
    hold: (reset: string) => `the budget is reset at ${reset} UTC.`,
    wait: "ask again when they have ended.",
  },
} as const;

/** Return why a call that would cost `neurons` is refused. `by` is the caller: a job can wait. */
export function refusalOf(
  neurons: number,
  { job, budgets, by }: { job: JobStanding | null; budgets: readonly Standing[]; by: keyof typeof THEN },
  now: number,
): Refusal {
  if (job !== null && !isWithin(job.spent + neurons, job.maxNeurons)) {
    const message = `The next call would cost ${figure(neurons)} neurons; the job has spent ${figure(job.spent)} of its 'maxNeurons' of ${figure(job.maxNeurons)}.`;
    return { type: "discard", failure: { code: "max_neurons_reached", message } };
  }
  const tooSmall = budgets.find((budget) => !isWithin(neurons, budget.neurons));
  if (tooSmall !== undefined) {
    const message = `One call would cost ${figure(neurons)} neurons, which is more than the total of ${nameOf(tooSmall)}.`;
    return { type: "discard", failure: { code: "exceeds_budget", message } };
  }
  const used = budgets.filter(({ spent, neurons: all }) => !isWithin(spent + Math.max(neurons, LEAST_NEURONS), all));
  const until = Math.max(...used.map(({ period }) => periodsAt(now)[period].resetsAt));
  const last = used.find(({ period }) => periodsAt(now)[period].resetsAt === until);
  if (last !== undefined) {
    const reset = new Date(until).toISOString().slice(0, 16).replace("T", " ");
    const message = `${sentence(last)}, and the next call would cost ${figure(neurons)}; ${THEN[by].hold(reset)}`;
    return { type: "hold", failure: { code: "budget_used", message }, until, budgets: used };
  }
  const message = `Running calls may use up what is left; ${THEN[by].wait}`;
  return { type: "wait", failure: { code: "budget_reserved", message } };
}

/** An owner's job does not show what the account has spent. */
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

/** Write an amount of neurons for people. */
export function figure(neurons: number): string {
  return neurons.toLocaleString("en", { maximumFractionDigits: 3 });
}
