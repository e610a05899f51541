import { type Context, Hono } from "hono";
import { streamSSE } from "hono/streaming";

import { readWhole } from "../../shared/archive/whole.ts";
import { MAX_STREAMS_A_KEY } from "../../shared/db/keys/event-streams.ts";
import { readPulse } from "../../shared/db/jobs/watch-job.ts";
import { intakeOf } from "../../shared/jobs/intake.ts";
import type { App } from "../http/app.ts";
import { describe, type Description } from "../http/describe.ts";
import { decodeEventId, inThisLife } from "./event-cursor.ts";
import { followJob } from "./follow-job.ts";
import { problem } from "../http/problem.ts";
import { takePlace } from "./stream-place.ts";

export const events = new Hono<App>();

/** A stream makes about one query a second, and an invocation may make a thousand. The client then connects again with its last id. */
const MAX_STREAM_MS = 5 * 60_000;

/** It is not known when another stream ends. The place of a stream whose Worker died is free again after the lease. */
const LOOK_AGAIN_SECONDS = 15;

/** How long a client waits before it connects again. */
const RETRY_MS = 1000;

const summary = "Follow a job: server-sent events for state, progress and transcript segments";
const description = `${summary}. With \`Last-Event-ID\` the stream continues after that event. A client that already has the last event gets 204.`;

/** What both routes to a job's events answer, the one with a key and the signed one. */
export const EVENTS = {
  summary,
  description,
  tags: ["jobs"],
  parameters: [{ in: "header", name: "Last-Event-ID", schema: { type: "string" } }],
  answers: {
    200: { description: "events `state`, `progress`, `segment` and `done`", media: ["text/event-stream"] },
    204: { description: "the job has ended, and the client has the last event" },
  },
  problems: ["job_not_found", "too_many_streams"],
} satisfies Omit<Description, "operationId">;

events.get("/:id/events", describe({ ...EVENTS, operationId: "followJob" }), sendEvents);

/** Send events until the job has ended, at most for `MAX_STREAM_MS`. The stream counts for the key that asked or signed the link. */
export async function sendEvents(c: Context<App, "/:id/events">): Promise<Response> {
  const job = { id: c.req.param("id"), ownerId: c.get("ownerId") };
  const { db, media, journal } = intakeOf(c.env);
  const pulse = await readWhole({ db, media }, job, () => readPulse(db, job, 0));
  if (pulse === null) return problem(c, { code: "job_not_found", detail: `There is no job '${job.id}'.` });
  const cursor = inThisLife(decodeEventId(job.id, c.req.header("last-event-id")), pulse);
  // An EventSource connects again after every end except this answer.
  if (cursor.isDone) return c.body(null, 204);
  const place = await takePlace(c.get("key"), { db, journal });
  if (place === null) return problem(c, TOO_MANY);

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
    await stream.write(`retry: ${RETRY_MS}\n\n`);
    try {
      for await (const event of followJob(job, cursor, { db, media, origin, wait })) {
        if (stream.aborted || place.isLost()) return;
        if (event !== null) await stream.writeSSE({ ...event, data: JSON.stringify(event.data) });
        else if (Date.now() > endAt) return;
        // Sending is how a client that has gone is noticed, and it keeps proxies from closing an idle connection.
        else await stream.write(": heartbeat\n\n");
      }
    } catch (error) {
      // The stream ends. The client connects again and continues after its last event.
      journal.fault({ event: "events.failed", jobId: job.id }, error);
    } finally {
      ended.resolve();
    }
  });
}

const TOO_MANY = {
  code: "too_many_streams",
  detail: `This key has ${MAX_STREAMS_A_KEY} event streams open. Close one, or poll several jobs with GET /v1/jobs.`,
  retryAfterSeconds: LOOK_AGAIN_SECONDS,
} as const;
