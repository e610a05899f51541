import { discardUndelivered, quarantine } from "../shared/db/dead-letters.ts";
import { isNewerMessage } from "../shared/formats.ts";
import type { Intake } from "../shared/intake.ts";
import { TaskMessage } from "../shared/task.ts";
import { wake } from "../shared/wake.ts";
import { recordGivenUp } from "./record-attempts.ts";
import { unreadableMessage } from "./read-messages.ts";

const CODE = "delivery_exhausted";
const REASON = "The platform stopped delivering the message: the consumer failed on it again and again.";

/** Messages that the platform moved to `media-dead-letters` become dead letters. Never throws. */
export async function buryMessages(
  batch: MessageBatch,
  { db, operatorId, journal, tasks }: Pick<Intake, "db" | "operatorId" | "journal" | "tasks">,
): Promise<void> {
  const now = Date.now();
  const taskIds: string[] = [];
  const others: Message[] = [];
  for (const message of batch.messages) {
    const task = TaskMessage.safeParse(message.body);
    if (task.success) taskIds.push(task.data.taskId);
    // Of a newer version: what it woke for is in D1.
    else if (!isNewerMessage(message.body)) others.push(message);
  }
  try {
    if (taskIds.length > 0) {
      const result = await discardUndelivered(db, taskIds, { code: CODE, reason: REASON, now });
      recordGivenUp(journal, result, CODE);
      await wake(tasks, result.opened);
    }
    if (others.length > 0) {
      // Only uploads' events come here beside tasks: what is of no shape at all is quarantined where it arrives.
      const rows = others.map((message) => unreadableMessage(message, "media-uploads", { code: CODE, reason: REASON }));
      for (const row of rows) await quarantine(db, [row], { ownerId: operatorId, now });
    }
    for (const message of batch.messages) message.ack();
    journal.record({ event: "messages.buried" }, { tasks: taskIds.length, others: others.length });
  } catch (error) {
    journal.fault({ event: "bury.failed" }, error, { messages: batch.messages.length });
    for (const message of batch.messages) message.retry();
  }
}
