// Calls to models that a request makes itself: set aside from the owner's budgets before, accounted for after.
import type { ModelCall } from "../shared/ai/model-call.ts";
import type { Refusal } from "../shared/budgets/refusal.ts";
import { reserveDirect, settleDirect } from "../shared/db/direct-calls.ts";
import type { DirectUsage } from "../shared/db/usage.ts";
import type { Intake } from "../shared/intake.ts";
import { wake } from "../shared/wake.ts";
import type { Problem } from "./problem.ts";

/** What the calls really cost, in place of what was set aside. Never throws: the client has its answer by then. */
export type SettlePaidCall = (calls: readonly ModelCall[]) => Promise<void>;

export type PaidCall =
  | { readonly ok: true; readonly settle: SettlePaidCall }
  | { readonly ok: false; readonly problem: Problem };

/** @param asked `expected` is what the call costs at most, as far as its input tells. */
export async function reservePaidCall(
  { ownerId, kind, expected }: { ownerId: string; kind: DirectUsage["kind"]; expected: ModelCall },
  { db, tasks, ringGraceMs, journal }: Pick<Intake, "db" | "tasks" | "ringGraceMs" | "journal">,
): Promise<PaidCall> {
  const reserved = await reserveDirect(db, { ownerId, kind, calls: [expected], now: Date.now() });
  if (!reserved.ok) return { ok: false, problem: refused(reserved.refusal, Date.now()) };
  return {
    ok: true,
    async settle(calls) {
      try {
        const usage = { ownerId, kind, calls, at: Date.now() };
        const { news, opened } = await settleDirect(db, reserved.id, usage, { ringGraceMs });
        for (const { event, ownerId: whose, ...figures } of news) journal.record({ event, ownerId: whose }, figures);
        await wake(tasks, opened);
      } catch (error) {
        // What was set aside counts as spent in its place after a while.
        journal.fault({ event: "ask.unaccounted", ownerId }, error, { calls: calls.length });
      }
    },
  };
}

/** Who waits for calls under way may ask again soon. */
const LOOK_AGAIN_SECONDS = 10;

function refused(refusal: Refusal, now: number): Problem {
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
