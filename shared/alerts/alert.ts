import type { OPS_EVENTS } from "./event.ts";
import { MINUTE_MS } from "../durations.ts";

/** What an operator is alerted of. */
export type AlertName = Exclude<(typeof OPS_EVENTS)[number], "ops.recovered">;

/** Something that may be wrong, as it stands. */
export interface Sign {
  readonly alert: AlertName;
  /** Of which queue, which budget; empty where there is one only. */
  readonly subject: string;
  /** `unclear` between the two lines: what has been raised stays so, and what has not is not raised. */
  readonly state: "wrong" | "unclear" | "right";
  /** The figures, for the event. */
  readonly detail: Readonly<Record<string, string | number | null>>;
}

/** Raised above the first figure, over below the second: an alert does not come and go around one line. */
interface Line {
  readonly raisedFrom: number;
  readonly overBelow: number;
}

/** Maintenance runs each minute. */
export const CRON_STOPPED_MS = 10 * MINUTE_MS;

/** Twice what it takes maintenance to send a lost message again. */
export const QUEUE_AGE: Line = { raisedFrom: 15 * MINUTE_MS, overBelow: 5 * MINUTE_MS };

/** Ten a minute: clients' broken files make a few. */
export const DEAD_LETTERS: Line & { readonly withinMs: number } = {
  raisedFrom: 150,
  overBelow: 30,
  withinMs: 15 * MINUTE_MS,
};

/** A database holds 10 GB (developers.cloudflare.com/d1/platform/limits, Workers Paid, read 2026-11-23); then writes fail. */
export const DATABASE_LIMIT_BYTES = 10_000_000_000;
const DATABASE_SHARE: Line = { raisedFrom: 0.8, overBelow: 0.75 };

/** What one look at a deployment found. Ages are of the oldest that waits: milliseconds, null where nothing does. */
export interface Findings {
  readonly queues: readonly { readonly queue: string; readonly oldestAgeMs: number | null }[];
  /** That were written lately (`DEAD_LETTERS.withinMs`). */
  readonly deadLetters: number;
  readonly databaseBytes: number;
  /** Budgets that have been warned of in this period: `subject` is `<owner>/<period>`. */
  readonly lowBudgets: readonly (Readonly<Record<string, string | number | null>> & { readonly subject: string })[];
}

/** What the findings mean. A budget that is not among them is over: see `raised`. */
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

/** Cron, by when maintenance ran last. */
export function cronSign(maintainedAt: number, now: number): Sign {
  const silentMs = now - maintainedAt;
  const detail = { lastRanAt: new Date(maintainedAt).toISOString(), silentMs };
  return { alert: "ops.cron_stopped", subject: "", state: silentMs >= CRON_STOPPED_MS ? "wrong" : "right", detail };
}
