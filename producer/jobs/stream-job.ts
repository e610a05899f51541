import type { Context } from "hono";
import { type SSEMessage, streamSSE } from "hono/streaming";

import type { Intake } from "../../shared/jobs/intake.ts";
import type { App } from "../http/app.ts";
import type { EventCursor } from "./event-cursor.ts";
import { followJob, type JobEvent } from "./follow-job.ts";
import { MAX_STREAM_MS } from "./stream-in-place.ts";
import type { StreamPlace } from "./stream-place.ts";

/** How an API writes the events of a job. */
export interface JobStream {
  readonly job: { readonly id: string; readonly ownerId: string };
  /** What the client has already. */
  readonly cursor: EventCursor;
  /** The stream gives it back at its end. */
  readonly place: StreamPlace;
  readonly start: string;
  /** Null for an event that this API does not send. */
  readonly write: (event: JobEvent) => Promise<SSEMessage | null>;
  /** Sent if the stream ends before the job: its time is up, its key has ended, or an error that has been logged. */
  readonly early: SSEMessage | null;
}

/** Send the events of a job until it has ended, at most for `MAX_STREAM_MS`. A client that goes away does not stop the job. */
export function streamJob(
  c: Context<App>,
  { job, cursor, place, start, write, early }: JobStream,
  { db, media, journal }: Intake,
): Response {
  const { origin } = new URL(c.req.url);
  c.header("x-accel-buffering", "no");
  const ended = Promise.withResolvers<void>();
  // When a client goes away, the platform stops everything except what `waitUntil` waits for.
  c.executionCtx.waitUntil(ended.promise.then(() => place.giveBack()));
  c.req.raw.signal.addEventListener("abort", () => ended.resolve());
  return streamSSE(c, async (stream) => {
    stream.onAbort(ended.resolve);
    const wait = async (ms: number) => void (await stream.sleep(ms));
    const endAt = Date.now() + MAX_STREAM_MS;
    if (start !== "") await stream.write(start);
    let isWhole = false;
    try {
      for await (const event of followJob(job, cursor, { db, media, origin, wait })) {
        if (stream.aborted) return;
        if (place.isLost()) break;
        if (event !== null) {
          const message = await write(event);
          if (message !== null) await stream.writeSSE(message);
          isWhole = event.event === "done";
        } else if (Date.now() > endAt) break;
        // Sending is how a client that has gone is noticed, and it keeps proxies from closing an idle connection.
        else await stream.write(": heartbeat\n\n");
      }
    } catch (error) {
      journal.fault({ event: "events.failed", jobId: job.id }, error);
    } finally {
      ended.resolve();
    }
    if (!isWhole && early !== null) await stream.writeSSE(early);
  });
}
