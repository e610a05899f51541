// Calls to models that a request makes itself. Their cost is set aside from the owner's budgets before, and accounted for after.
import { holdOf } from "../../shared/models/allocation.ts";
import type { ModelCall } from "../../shared/models/model-call.ts";
import { ModelError } from "../../shared/models/model-error.ts";
import type { Refusal } from "../../shared/cost/budget-refusal.ts";
import { type AccountHeld, reserveDirect, settleDirect } from "../../shared/db/cost/direct-calls.ts";
import type { DirectUsage } from "../../shared/db/cost/usage.ts";
import { announce } from "../../shared/jobs/announce.ts";
import type { Intake } from "../../shared/jobs/intake.ts";
import { recordUnusable } from "../../shared/models/record-unusable.ts";
import type { Problem } from "../http/problem.ts";

/**
 * Record what the calls really cost, in place of what was set aside. If an error ended them, pass it: the platform may have refused
 * the account. Never throws, because the client has its answer by then.
 */
export type SettlePaidCall = (calls: readonly ModelCall[], failedWith?: unknown) => Promise<void>;

export type PaidCall =
  | { readonly ok: true; readonly settle: SettlePaidCall }
  | { readonly ok: false; readonly problem: Problem };

/** Set aside what a call may cost. `expected` is the most that it can cost, estimated from its input. */
export async function reservePaidCall(
  { ownerId, kind, expected }: { ownerId: string; kind: DirectUsage["kind"]; expected: ModelCall },
  deps: Pick<Intake, "db" | "tasks" | "journal">,
): Promise<PaidCall> {
  const { db, journal } = deps;
  const reserved = await reserveDirect(db, { ownerId, kind, calls: [expected], now: Date.now() });
  const askedAt = Date.now();
  if (!reserved.ok) return { ok: false, problem: refused(reserved.refusal, askedAt) };
  return {
    ok: true,
    async settle(calls, failedWith) {
      const now = Date.now();
      const hold = holdOf(failedWith, { askedAt, now, random: Math.random });
      try {
        const usage = { ownerId, kind, calls, at: now };
        await announce(await settleDirect(db, reserved.id, usage, hold), deps);
        if (failedWith instanceof ModelError) await recordUnusable(journal, db, [{ failure: failedWith, calls }]);
      } catch (error) {
        // After a while, the amount that was set aside counts as spent instead.
        journal.fault({ event: "ask.unaccounted", ownerId }, error, { calls: calls.length });
      }
    },
  };
}

/** The problem while the platform refuses the account. It is the same for every owner. */
export function allocationUsed(until: number, now: number): Problem {
  const detail = "The account's daily allocation of neurons is used up. The next allocation begins at 00:00 UTC.";
  return { code: "daily_allocation_used", detail, retryAfterSeconds: Math.ceil((until - now) / 1000) };
}

/** How long to wait for a budget whose rest is set aside for calls that are running. */
const LOOK_AGAIN_SECONDS = 10;

function refused(refusal: Refusal | AccountHeld, now: number): Problem {
  if (refusal.type === "account_held") return allocationUsed(refusal.until, now);
  const detail = refusal.failure.message;
  switch (refusal.type) {
    case "discard":
      return { code: "budget_used", detail };
    case "wait":
      return { code: "budget_used", detail, retryAfterSeconds: LOOK_AGAIN_SECONDS };
    case "hold":
      return { code: "budget_used", detail, retryAfterSeconds: Math.ceil((refusal.until - now) / 1000) };
  }
}
