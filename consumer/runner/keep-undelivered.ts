import { quarantine } from "../../shared/db/redrives/dead-letters.ts";
import { isNewerMessage } from "../../shared/jobs/formats.ts";
import type { Intake } from "../../shared/jobs/intake.ts";
import { TaskMessage } from "../../shared/jobs/task.ts";
import { unreadableMessage } from "./read-messages.ts";

const CODE = "delivery_exhausted";
const REASON = "The platform stopped delivering the message: the consumer failed on it again and again.";

/**
 * Messages that the platform moved to the dead-letter queue. An upload's event becomes a dead letter. A message that there
 * is work is let go: it speaks of no task, and maintenance sends another one for each task that still waits. A task that
 * ends its consumers is judged by its own lost attempts alone. Never throws.
 */
export async function buryMessages(
  batch: MessageBatch,
  { db, operatorId, journal }: Pick<Intake, "db" | "operatorId" | "journal">,
): Promise<void> {
  const now = Date.now();
  // Of a newer version: what it woke for is in D1.
  const others = batch.messages.filter(({ body }) => !TaskMessage.safeParse(body).success && !isNewerMessage(body));
  try {
    // Only uploads' events come here beside them: what is of no shape at all is quarantined where it arrives.
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
