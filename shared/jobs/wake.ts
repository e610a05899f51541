import { MESSAGE_FORMAT } from "./formats.ts";
import { printFault } from "./journal.ts";
import type { TaskMessage } from "./task.ts";

/** Queues takes at most 100 messages a call. */
export const MESSAGES_A_CALL = 100;

/**
 * Send a message for each task that is ready. Never throws: D1 already has the tasks, so maintenance repeats a wake-up that is
 * lost here, while an error would tell the client that its job was not accepted.
 */
export async function wake(tasks: Queue<TaskMessage>, taskIds: readonly string[]): Promise<void> {
  await wakeLater(
    tasks,
    taskIds.map(() => ({ delaySeconds: 0 })),
  );
}

/** Do the same for tasks that will be ready after a delay. */
export async function wakeLater(
  tasks: Queue<TaskMessage>,
  later: readonly { readonly delaySeconds: number }[],
): Promise<void> {
  for (let start = 0; start < later.length; start += MESSAGES_A_CALL) {
    const messages = later.slice(start, start + MESSAGES_A_CALL).map(({ delaySeconds }) => ({
      body: { v: MESSAGE_FORMAT } satisfies TaskMessage,
      ...(delaySeconds > 0 && { delaySeconds }),
    }));
    try {
      await tasks.sendBatch(messages);
    } catch (error) {
      printFault({ event: "wake.failed" }, error, { tasks: messages.length });
    }
  }
}
