import { type Context, Hono } from "hono";
import { streamSSE } from "hono/streaming";

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

/** A stream is about a query a second, and an invocation has a thousand. The client comes back with its last id. */
const MAX_STREAM_MS = 5 * 60_000;

/** Nobody knows when another stream ends; one whose Worker died gives its place back within the lease. */
const LOOK_AGAIN_SECONDS = 15;

/** For clients: how long to wait before they come back. */
const RETRY_MS = 1000;

const summary = "Follow a job: server-sent events for state, progress and transcript segments";
const description = `${summary}. \`Last-Event-ID\` goes on from there; 204 for a client that has been told of the end.`;

/** What its route answers, whoever asks. */
export const EVENTS = {
  summary,
  description,
  tags: ["jobs"],
  parameters: [{ in: "header", name: "Last-Event-ID", schema: { type: "string" } }],
  answers: {
    200: { description: "events `state`, `progress`, `segment` and `done`", media: ["text/event-stream"] },
    204: { description: "the job has ended, and the client knows" },
  },
  problems: ["job_not_found", "too_many_streams"],
} satisfies Omit<Description, "operationId">;

events.get("/:id/events", describe({ ...EVENTS, operationId: "followJob" }), sendEvents);

/** Events until the job has ended, or for so long. The stream counts against the key that asked, or that signed its link. */
export async function sendEvents(c: Context<App, "/:id/events">): Promise<Response> {
  const job = { id: c.req.param("id"), ownerId: c.get("ownerId") };
  const { db, media, journal } = intakeOf(c.env);
  const pulse = await readPulse(db, job, 0);
  if (pulse === null) return problem(c, { code: "job_not_found", detail: `There is no job '${job.id}'.` });
  const cursor = inThisLife(decodeEventId(job.id, c.req.header("last-event-id")), pulse);
  // An EventSource comes back after every end, but for this answer.
  if (cursor.isDone) return c.body(null, 204);
  const place = await takePlace(c.get("keyId"), { db, journal });
  if (place === null) return problem(c, TOO_MANY);

  const { origin } = new URL(c.req.url);
  c.header("x-accel-buffering", "no");
  const ended = Promise.withResolvers<void>();
  // Waited for, as a client that goes away ends all that is not.
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
        // A client that has gone is noticed by what is sent to it, and nobody between takes the connection for dead.
        else await stream.write(": heartbeat\n\n");
      }
    } catch (error) {
      // The stream ends, and the client goes on from its last event.
      journal.fault({ event: "events.failed", jobId: job.id }, error);
    } finally {
      ended.resolve();
    }
  });
}

const TOO_MANY = {
  code: "too_many_streams",
  detail: `This key has ${MAX_STREAMS_A_KEY} event streams open; close one, or ask for several jobs with GET /v1/jobs.`,
  retryAfterSeconds: LOOK_AGAIN_SECONDS,
} as const;
