import type { Journal } from "../../shared/jobs/journal.ts";
import type { QueueBacklog } from "./schema.ts";

/** Ask the platform for a queue's figures. If it does not answer, they are null and `reason` says why. Never throws. */
export async function queueView(
  name: string,
  queue: Queue,
  { now, journal }: { now: number; journal: Journal },
): Promise<QueueBacklog> {
  try {
    const { backlogCount, backlogBytes, oldestMessageTimestamp: oldest } = await queue.metrics();
    // The timestamp of an empty queue is absent, or is the epoch.
    const hasOldest = oldest !== undefined && oldest.getTime() > 0;
    const oldestMessageAgeMs = hasOldest ? Math.max(0, now - oldest.getTime()) : null;
    return { name, backlogMessages: backlogCount, backlogBytes, oldestMessageAgeMs, reason: null };
  } catch (error) {
    journal.fault({ event: "queues.failed" }, error, { queue: name });
    const reason = "The platform did not answer for this queue.";
    return { name, backlogMessages: null, backlogBytes: null, oldestMessageAgeMs: null, reason };
  }
}
