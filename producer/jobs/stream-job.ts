import type { SSEStreamingApi } from "hono/streaming";

import { MAX_STREAM_MS } from "./stream-in-place.ts";
import { followJob, type FollowDeps, type JobEvent } from "./follow-job.ts";
import type { EventCursor } from "./event-cursor.ts";

export interface JobStream extends Omit<FollowDeps, "wait"> {
  readonly job: { readonly id: string; readonly ownerId: string };
  /** What the client has already. */
  readonly cursor: EventCursor;
  readonly isOver: () => boolean;
  readonly send: (event: JobEvent) => Promise<unknown>;
}

/**
 * Send the events of a job, at most for `MAX_STREAM_MS`. A client that goes away does not stop the job.
 * @returns how it ended: with the job, when the time was up, or earlier, because the stream was over or the job is gone.
 */
export async function streamJob(
  stream: SSEStreamingApi,
  { job, cursor, isOver, send, ...deps }: JobStream,
): Promise<"ended" | "timed_out" | "stopped"> {
  const wait = async (ms: number) => void (await stream.sleep(ms));
  const endAt = Date.now() + MAX_STREAM_MS;
  let hasEnded = false;
  for await (const event of followJob(job, cursor, { ...deps, wait })) {
    if (isOver()) return "stopped";
    if (event !== null) {
      await send(event);
      hasEnded = event.event === "done";
    } else if (Date.now() > endAt) return "timed_out";
    // Sending is how a client that has gone is noticed, and it keeps proxies from closing an idle connection.
    else await stream.write(": heartbeat\n\n");
  }
  return hasEnded ? "ended" : "stopped";
}
