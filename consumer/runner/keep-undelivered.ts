import { quarantine } from "../../shared/db/redrives/dead-letters.ts";
import { isNewerMessage } from "../../shared/jobs/formats.ts";
import type { Intake } from "../../shared/jobs/intake.ts";
import { TaskMessage } from "../../shared/jobs/task.ts";
import { unreadableMessage } from "./read-messages.ts";

const CODE = "delivery_exhausted";
const REASON = "The platform stopped delivering the message, because the consumer failed on it repeatedly.";

/**
 * Keep the messages that the platform moved to the dead-letter queue. An upload's event becomes a dead letter. A message that
 * woke a consumer for a task is acknowledged: it names no task, and maintenance sends another message for each task that still
 * waits. A task that ends its consumers is judged only by its own lost attempts. Never throws.
 */
export async function keepUndelivered(
  batch: MessageBatch,
  { db, operatorId, journal }: Pick<Intake, "db" | "operatorId" | "journal">,
): Promise<void> {
  const now = Date.now();
  // The work that a newer version's message announces is in D1.
  const others = batch.messages.filter(({ body }) => !TaskMessage.safeParse(body).success && !isNewerMessage(body));
  try {
    // These are events of uploads: an unreadable message is quarantined in the queue where it arrives.
    const rows = others.map((message) => unreadableMessage(message, batch.queue, { code: CODE, reason: REASON }));
    for (const row of rows) await quarantine(db, [row], { ownerId: operatorId, now });
    for (const message of batch.messages) message.ack();
    const tasks = batch.messages.length - others.length;
    journal.record({ event: "messages.buried" }, { tasks, others: others.length });
  } catch (error) {
    journal.fault({ event: "bury.failed" }, error, { messages: batch.messages.length });
    for (const message of batch.messages) message.retry();
  }
}
