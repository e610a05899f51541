import { msUntilNext } from "../../shared/db/tasks/leases.ts";
import { takeSlotsAgain } from "../../shared/db/tasks/wake-slots.ts";
import type { EndedAttempt } from "../../shared/jobs/outcome.ts";
import { secondsUntil } from "../../shared/jobs/spread-wakes.ts";
import { LEASE_MS, type LeaseDeps } from "./lease.ts";

/** The queue's max_retries is 100, and a message past it is treated as one that crashes its consumer. */
const MAX_DELIVERIES = 90;

/**
 * Have a message delivered again after a delay. A message that was delivered too often is acknowledged instead: the work that
 * it announced is in D1 or in the inbox, and maintenance finds it there.
 * @returns whether it will be delivered again.
 */
export function deliverAgain(message: Message, delaySeconds: number): boolean {
  if (message.attempts >= MAX_DELIVERIES) {
    message.ack();
    return false;
  }
  message.retry({ delaySeconds });
  return true;
}

/** The delay after a failure of D1 itself. */
const RETRY_LATER_SECONDS = 30;

/** Deliver messages again later, when D1 may answer. */
export function deliverLater(messages: readonly Message[]): void {
  for (const message of messages) deliverAgain(message, RETRY_LATER_SECONDS);
}

/**
 * Acknowledge messages for which there was no task. Either a task was woken twice, or a task is due that may not run yet. In
 * the second case the messages are delivered again, each when its turn comes.
 */
export async function acknowledgeSpare(
  messages: readonly Message[],
  { db, callsAMinute }: Pick<LeaseDeps, "db" | "callsAMinute">,
): Promise<void> {
  if (messages.length === 0) return;
  const now = Date.now();
  try {
    const waitMs = await msUntilNext(db, { now, callsAMinute });
    const moments =
      waitMs === null || waitMs === 0 ? [] : await takeSlotsAgain(db, messages.length, { now, callsAMinute });
    for (const [index, message] of messages.entries()) {
      if (waitMs === null) message.ack();
      else deliverAgain(message, Math.max(1, secondsUntil(moments[index] ?? now + waitMs, now)));
    }
  } catch {
    deliverLater(messages);
  }
}

/**
 * Acknowledge the messages of attempts that ended.
 * @param settled the settled attempts by task; null if D1 could not be written.
 */
export function acknowledge(
  ended: readonly EndedAttempt[],
  settled: ReadonlyMap<string, unknown> | null,
  messageOf: ReadonlyMap<string, Message | undefined>,
): void {
  for (const { taskId, outcome } of ended) {
    const message = messageOf.get(taskId);
    if (message === undefined) continue;
    if (settled === null) {
      // The lease is still valid: wake a consumer when it has expired and the rescue has freed the task.
      deliverAgain(message, LEASE_MS / 1000 + 30);
    } else if (settled.has(taskId) && "scheduledAt" in outcome) {
      deliverAgain(message, secondsUntil(outcome.scheduledAt, Date.now()));
    } else {
      message.ack(); // ended, or taken over
    }
  }
}
