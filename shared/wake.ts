import type { TaskMessage } from "./task.ts";

/** Queues takes at most 100 messages a call. */
export const MESSAGES_A_CALL = 100;

/**
 * Ring the queue for tasks that are ready. Never throws: D1 already holds the tasks, so a wake-up that is lost here is
 * repeated by maintenance, while an error would tell the client that its job was not taken.
 */
export async function wake(tasks: Queue<TaskMessage>, taskIds: readonly string[]): Promise<void> {
  for (let start = 0; start < taskIds.length; start += MESSAGES_A_CALL) {
    const messages = taskIds
      .slice(start, start + MESSAGES_A_CALL)
      .map((taskId) => ({ body: { v: 1, taskId } satisfies TaskMessage }));
    try {
      await tasks.sendBatch(messages);
    } catch (error) {
      console.error({ event: "wake.failed", tasks: messages.length, error: String(error) });
    }
  }
}
