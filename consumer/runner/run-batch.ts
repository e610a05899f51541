import type { Intake } from "../../shared/jobs/intake.ts";
import { acknowledge, acknowledgeSpare, deliverLater } from "./acknowledge.ts";
import { dropTooLate, stopOverdue } from "./drop-late.ts";
import { createRenewal, lease, type LeaseDeps } from "./lease.ts";
import { type RunTaskDeps, runTask } from "./run-task.ts";
import { runSideBySide } from "./running-tasks.ts";
import { accountLate, settle, type SettleDeps } from "./settle.ts";
import { createPatience, untilSettlement, waitToRetry } from "./timer.ts";

export interface RunBatchDeps extends Intake, LeaseDeps, RunTaskDeps, SettleDeps {}

/**
 * Lease as many tasks as there are messages, run them side by side, settle them, and acknowledge each message on its own. A
 * message says only that there is work; D1 decides what runs next. Never throws.
 */
export async function runBatch(messages: readonly Message[], deps: RunBatchDeps): Promise<void> {
  const leased = await lease(messages.length, deps);
  if (leased === null) return deliverLater(messages);
  const messageOf = new Map(leased.map((task, index) => [task.id, messages[index]]));
  const spare = acknowledgeSpare(messages.slice(leased.length), deps);

  const tasks = await dropTooLate(leased, deps);
  const running = runSideBySide(tasks, (task, signal) => runTask(task, deps, signal));
  const renewal = createRenewal();
  const isToBeRetried = createPatience();

  while (running.isBusy) {
    await untilSettlement(running.allEnded);
    await stopOverdue(running.tasks, deps);

    const renewForMs = renewal();
    const ended = running.takeEnded();
    const watched = running.tasks;
    const settled = await settle(ended, { running: watched, renewForMs }, deps);
    if (settled !== null) running.stopTakenAway(watched, settled.held);

    if (isToBeRetried(settled !== null)) {
      running.putBack(ended);
      await waitToRetry();
      continue;
    }
    acknowledge(ended, settled?.settled ?? null, messageOf);
    if (settled !== null) await accountLate(ended, settled.settled, tasks, deps);
  }
  await spare;
}
