import type { Context } from "hono";
import { type SSEStreamingApi, streamSSE } from "hono/streaming";

import { MAX_STREAMS_A_KEY } from "../../shared/db/keys/event-streams.ts";
import { intakeOf } from "../../shared/jobs/intake.ts";
import type { App } from "../http/app.ts";
import { problem } from "../http/problem.ts";
import { type StreamPlace, takePlace } from "./stream-place.ts";

/** A stream makes about one query a second, and an invocation may make a thousand. */
export const MAX_STREAM_MS = 5 * 60_000;

/** It is not known when another stream ends. The place of a stream whose Worker died is free again after the lease. */
const LOOK_AGAIN_SECONDS = 15;

export const TOO_MANY_STREAMS = {
  code: "too_many_streams",
  detail: `This key has ${MAX_STREAMS_A_KEY} event streams open. Close one, or poll several jobs with GET /v1/jobs.`,
  retryAfterSeconds: LOOK_AGAIN_SECONDS,
} as const;

/** Writes events. It must return when `isOver` is true. If it throws, the stream ends, and the journal has the error. */
export type WriteStream = (stream: SSEStreamingApi, isOver: () => boolean) => Promise<void>;

/** Stream events about a job. The stream counts for the key that asked or signed the link. */
export async function streamInPlace(c: Context<App>, jobId: string, write: WriteStream): Promise<Response> {
  const place = await takePlace(c.get("key"), intakeOf(c.env));
  return place === null ? problem(c, TOO_MANY_STREAMS) : streamWith(c, { jobId, place }, write);
}

/** Stream events in a place that was taken before the job was submitted. The place is given back at the end. */
export function streamWith(
  c: Context<App>,
  { jobId, place }: { readonly jobId: string; readonly place: StreamPlace },
  write: WriteStream,
): Response {
  const { journal } = intakeOf(c.env);
  c.header("x-accel-buffering", "no");
  const ended = Promise.withResolvers<void>();
  // When a client goes away, the platform stops everything except what `waitUntil` waits for.
  c.executionCtx.waitUntil(ended.promise.then(() => place.giveBack()));
  c.req.raw.signal.addEventListener("abort", () => ended.resolve());
  return streamSSE(c, async (stream) => {
    stream.onAbort(ended.resolve);
    try {
      await write(stream, () => stream.aborted || place.isLost());
    } catch (error) {
      journal.fault({ event: "events.failed", jobId }, error);
    } finally {
      ended.resolve();
    }
  });
}
