// Calls to models that a request makes itself: set aside from the owner's budgets before, accounted for after.
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
 * What the calls really cost, in place of what was set aside; and the error that ended them, if one did: the platform
 * may have refused the account. Never throws: the client has its answer by then.
 */
export type SettlePaidCall = (calls: readonly ModelCall[], failedWith?: unknown) => Promise<void>;

export type PaidCall =
  | { readonly ok: true; readonly settle: SettlePaidCall }
  | { readonly ok: false; readonly problem: Problem };

/** @param asked `expected` is what the call costs at most, as far as its input tells. */
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
        // What was set aside counts as spent in its place after a while.
        journal.fault({ event: "ask.unaccounted", ownerId }, error, { calls: calls.length });
      }
    },
  };
}

/** The platform refuses the account, whoever asks. */
export function allocationUsed(until: number, now: number): Problem {
  const detail = "The account's daily allocation of neurons is used up; the platform counts it anew at 00:00 UTC.";
  return { code: "daily_allocation_used", detail, retryAfterSeconds: Math.ceil((until - now) / 1000) };
}

/** Who waits for calls under way may ask again soon. */
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
