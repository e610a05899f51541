import { addLateUsage } from "../../shared/db/cost/usage.ts";
import { type Settled, settleTasks } from "../../shared/db/tasks/settle.ts";
import { announce } from "../../shared/jobs/announce.ts";
import type { Intake } from "../../shared/jobs/intake.ts";
import type { EndedAttempt } from "../../shared/jobs/outcome.ts";
import type { Task } from "../../shared/jobs/task.ts";
import { recordUnusable } from "../../shared/models/record-unusable.ts";
import type { CallGate } from "./call-gate.ts";
import { recordAttempts } from "./record-attempts.ts";

export interface SettleDeps extends Pick<Intake, "db" | "tasks" | "journal"> {
  readonly gate: Pick<CallGate, "hold">;
}

/**
 * Settle attempts that ended, and renew and check the leases of tasks that run. Never throws.
 * @param renewForMs renews the leases for this long from now; null leaves them as they are.
 * @returns the attempts that took effect, and the running tasks whose lease is still valid; null if D1 accepted nothing.
 */
export async function settle(
  ended: readonly EndedAttempt[],
  { running, renewForMs }: { running: readonly Task[]; renewForMs: number | null },
  deps: SettleDeps,
): Promise<Pick<Settled, "settled" | "held"> | null> {
  const { db, journal, gate } = deps;
  const [first] = running;
  const watch = first && { taskIds: running.map(({ id }) => id), leaseId: first.leaseId, renewForMs };
  const now = Date.now();
  try {
    const result = await settleTasks(db, ended, { now, running: watch, hold: gate.hold ?? undefined });
    recordAttempts(journal, ended, result.settled);
    await announce(result, deps);
    const failed = ended.flatMap(({ outcome, calls }) => ("failure" in outcome ? [{ ...outcome, calls }] : []));
    await recordUnusable(journal, db, failed);
    return result;
  } catch (error) {
    journal.fault({ event: "settle.failed" }, error, { tasks: ended.length });
    return settleAlone(ended, running, deps);
  }
}

/** Settle each attempt by itself: an attempt that D1 refuses must not hold back the others. */
async function settleAlone(
  ended: readonly EndedAttempt[],
  running: readonly Task[],
  deps: SettleDeps,
): Promise<Pick<Settled, "settled" | "held"> | null> {
  if (ended.length < 2) return null;
  const nothing = { running: [], renewForMs: null };
  const alone = await Promise.all(ended.map((attempt) => settle([attempt], nothing, deps)));
  if (alone.every((settled) => settled === null)) return null;
  return {
    settled: new Map(alone.flatMap((one) => [...(one?.settled ?? [])])),
    held: new Set(running.map((task) => task.id)),
  };
}

/** Record what attempts without a lease have paid for; nothing else of them is kept. Never throws. */
export async function accountLate(
  ended: readonly EndedAttempt[],
  settled: ReadonlyMap<string, unknown>,
  tasks: readonly Task[],
  { db, journal }: SettleDeps,
): Promise<void> {
  const late = ended.flatMap(({ taskId, calls, finishedAt }) => {
    const task = tasks.find(({ id }) => id === taskId);
    if (task === undefined || settled.has(taskId)) return [];
    if (calls.length === 0 && !task.isBudgeted) return [];
    return [{ taskId, attempt: task.attempt, calls, finishedAt }];
  });
  if (late.length === 0) return;
  await addLateUsage(db, late).catch((error: unknown) => {
    journal.fault({ event: "settle.failed" }, error, { tasks: late.length });
  });
}
