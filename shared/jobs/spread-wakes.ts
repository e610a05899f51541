import { takeSlots } from "../db/tasks/wake-slots.ts";
import type { Intake } from "./intake.ts";
import { printFault } from "./journal.ts";

/** Fewer messages are sent at once, unless their model is known to be busy: to find out when costs a round trip and a row. */
const SPREAD_FROM = 10;

/** Queues allowed a delay of 12 hours before they allowed 24. Maintenance wakes a consumer for tasks that wait longer. */
export const MAX_DELAY_SECONDS = 43_200;

/** The whole seconds until a moment, as a message is delayed. */
export function secondsUntil(moment: number, now: number): number {
  return Math.min(Math.max(0, Math.ceil((moment - now) / 1000)), MAX_DELAY_SECONDS);
}

/**
 * Choose the times of the messages for tasks that are ready: as many at once as their model may be asked now, and the others at
 * its rate. Never throws: without an answer from D1 they come at once.
 */
export async function spreadWakes(
  taskIds: readonly string[],
  { db, callsAMinute, isBusy }: Partial<Pick<Intake, "db" | "callsAMinute">> & { readonly isBusy: boolean },
  now: number,
): Promise<readonly { readonly delaySeconds: number }[]> {
  const atOnce = taskIds.map(() => ({ delaySeconds: 0 }));
  if (db === undefined || callsAMinute === undefined) return atOnce;
  if (taskIds.length < (isBusy ? 1 : SPREAD_FROM) || Object.keys(callsAMinute).length === 0) return atOnce;
  try {
    const moments = await takeSlots(db, taskIds, { now, callsAMinute });
    return moments.map((moment) => ({ delaySeconds: secondsUntil(moment, now) }));
  } catch (error) {
    printFault({ event: "wake.failed" }, error, { tasks: taskIds.length });
    return atOnce;
  }
}
