// The calls to the model and what was paid for, recorded by the injector, independently of the code under test.
import type { Asked } from "./model.ts";

/** One model call. Times are virtual milliseconds; null if the event has not happened. */
export interface Call {
  /** Without the answer: a hundred thousand answers would not fit into memory. */
  readonly asked: Pick<Asked, "mark" | "key">;
  readonly invocation: CallingInvocation;
  readonly askedAt: number;
  /** When the model had a good answer. From then on it is paid for. */
  billedAt: number | null;
  /** When the consumer that asked received it. */
  deliveredAt: number | null;
  /** When R2 or D1 durably held it, so that nobody needs to ask again. */
  keptAt: number | null;
  /** The result, for the digest and the trace. */
  outcome: string;
}

/** The consumer's run that asks. It leases a task at most once, so it is one attempt at each of its tasks. */
export interface CallingInvocation {
  readonly id: number;
  readonly diedAt: number | null;
  /** When its first write to D1, the lease, took effect. */
  readonly leasedAt: number | null;
}

export interface Bill {
  readonly doubleBilled: readonly { readonly mark: string; readonly reason: string }[];
  readonly answersLostWithConsumer: number;
  readonly lateAnswers: number;
  readonly answersNotStored: number;
}

/** Why a good answer was bought again. */
type Repeat = "double_billed" | "late" | "lost_with_consumer" | "not_stored";

/** Judge every good answer that was bought again. */
export function judgeBills(calls: readonly Call[]): Bill {
  const byKey = Map.groupBy(
    calls.filter((call) => call.billedAt !== null),
    ({ asked }) => asked.key,
  );
  const counts: Record<Repeat, number> = { double_billed: 0, late: 0, lost_with_consumer: 0, not_stored: 0 };
  const doubleBilled: { reason: string; mark: string }[] = [];
  for (const bought of byKey.values()) {
    for (const [index, call] of bought.entries()) {
      if (index === 0) continue;
      const verdict = judgeRepeat(call, bought.slice(0, index));
      counts[verdict] += 1;
      if (verdict === "double_billed") doubleBilled.push({ mark: call.asked.mark, reason: explain(call, bought) });
    }
  }
  return {
    doubleBilled,
    answersLostWithConsumer: counts.lost_with_consumer,
    lateAnswers: counts.late,
    answersNotStored: counts.not_stored,
  };
}

/**
 * Judge one repeat. It is the product's fault if the same attempt asked twice, or if an earlier answer was durably kept before
 * this attempt took its lease, because it could have looked. For any other repeat, the latest earlier answer gives the reason.
 */
function judgeRepeat(call: Call, earlier: readonly Call[]): Repeat {
  const leasedAt = call.invocation.leasedAt ?? call.askedAt;
  if (earlier.some((one) => one.invocation === call.invocation)) return "double_billed";
  if (earlier.some((one) => one.keptAt !== null && one.keptAt <= leasedAt)) return "double_billed";
  const before = earlier.findLast((one) => one.billedAt !== null && one.billedAt <= leasedAt);
  // Every earlier answer came only after this attempt had started.
  if (before === undefined) return "late";
  if (before.invocation.diedAt !== null && before.keptAt === null) return "lost_with_consumer";
  return before.keptAt === null ? "not_stored" : "late";
}

function explain(call: Call, bought: readonly Call[]): string {
  const told = bought.map(
    ({ invocation, askedAt, billedAt, keptAt }) =>
      `#${invocation.id} leased ${invocation.leasedAt} asked ${askedAt} billed ${billedAt} kept ${keptAt} died ${invocation.diedAt}`,
  );
  return `'${call.asked.key.slice(0, 60)}' was bought ${bought.length} times: ${told.join("; ")}`;
}
