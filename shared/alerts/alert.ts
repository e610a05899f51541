import { MINUTE_MS } from "../durations.ts";

/** The events that the operator's endpoints get about the deployment: each alert once an incident, and one when it is over. */
export const OPS_EVENTS = [
  "ops.cron_stopped",
  "ops.queue_growing",
  "ops.dead_letters_burst",
  "ops.budget_low",
  "ops.database_filling",
  "ops.recovered",
] as const;

/** The names of the alerts that an operator can get. */
export type AlertName = Exclude<(typeof OPS_EVENTS)[number], "ops.recovered">;

/** A condition that may be wrong, in its present state. */
export interface Sign {
  readonly alert: AlertName;
  /** The queue or the budget that it is about; empty if there is only one. */
  readonly subject: string;
  /** `unclear` is between the two lines: an alert that was raised stays raised, and no new alert is raised. */
  readonly state: "wrong" | "unclear" | "right";
  /** The figures, for the event. */
  readonly detail: Readonly<Record<string, string | number | null>>;
}

/** An alert is raised from the first figure on, and is over below the second, so it does not come and go around one line. */
interface Line {
  readonly raisedFrom: number;
  readonly overBelow: number;
}

/** Maintenance runs each minute. */
export const CRON_STOPPED_MS = 10 * MINUTE_MS;

/** Twice the time that maintenance takes to send a lost message again. */
export const QUEUE_AGE: Line = { raisedFrom: 15 * MINUTE_MS, overBelow: 5 * MINUTE_MS };

/** Ten a minute: clients' broken files cause a few. */
export const DEAD_LETTERS: Line & { readonly withinMs: number } = {
  raisedFrom: 150,
  overBelow: 30,
  withinMs: 15 * MINUTE_MS,
};

/** A database holds 10 GB (developers.cloudflare.com/d1/platform/limits, Workers Paid, read 2026-11-23); then writes fail. */
export const DATABASE_LIMIT_BYTES = 10_000_000_000;
const DATABASE_SHARE: Line = { raisedFrom: 0.8, overBelow: 0.75 };

/** What one check of a deployment found. Ages are those of the oldest one that waits: milliseconds, null if nothing waits. */
export interface Findings {
  readonly queues: readonly { readonly queue: string; readonly oldestAgeMs: number | null }[];
  /** How many were written lately (`DEAD_LETTERS.withinMs`). */
  readonly deadLetters: number;
  readonly databaseBytes: number;
  /** Budgets that have had a warning in this period: `subject` is `<owner>/<period>`. */
  readonly lowBudgets: readonly (Readonly<Record<string, string | number | null>> & { readonly subject: string })[];
}

/** Return what the findings mean. A budget in `raised` that is not among the findings is no longer low. */
export function signsOf(
  { queues, deadLetters, databaseBytes, lowBudgets }: Findings,
  { raised, databaseLimitBytes }: { raised: readonly { alert: string; subject: string }[]; databaseLimitBytes: number },
): readonly Sign[] {
  const low = new Set(lowBudgets.map(({ subject }) => subject));
  const share = databaseBytes / databaseLimitBytes;
  return [
    ...queues.map(({ queue, oldestAgeMs }) => ({
      alert: "ops.queue_growing" as const,
      subject: queue,
      state: stateOf(oldestAgeMs ?? 0, QUEUE_AGE),
      detail: { queue, oldestAgeMs },
    })),
    {
      alert: "ops.dead_letters_burst",
      subject: "",
      state: stateOf(deadLetters, DEAD_LETTERS),
      detail: { deadLetters, withinMs: DEAD_LETTERS.withinMs },
    },
    {
      alert: "ops.database_filling",
      subject: "",
      state: stateOf(share, DATABASE_SHARE),
      detail: { sizeBytes: databaseBytes, limitBytes: databaseLimitBytes, share: Math.round(share * 1000) / 1000 },
    },
    ...lowBudgets.map(({ subject, ...detail }) => ({
      alert: "ops.budget_low" as const,
      subject,
      state: "wrong" as const,
      detail,
    })),
    ...raised
      .filter(({ alert, subject }) => alert === "ops.budget_low" && !low.has(subject))
      .map(({ subject }) => ({ alert: "ops.budget_low" as const, subject, state: "right" as const, detail: {} })),
  ];
}

function stateOf(figure: number, { raisedFrom, overBelow }: Line): Sign["state"] {
  if (figure >= raisedFrom) return "wrong";
  return figure < overBelow ? "right" : "unclear";
}

/** Return the state of cron, by the time when maintenance last ran. */
export function cronSign(maintainedAt: number, now: number): Sign {
  const silentMs = now - maintainedAt;
  const detail = { lastRanAt: new Date(maintainedAt).toISOString(), silentMs };
  return { alert: "ops.cron_stopped", subject: "", state: silentMs >= CRON_STOPPED_MS ? "wrong" : "right", detail };
}
