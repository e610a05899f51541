import { type Context, Hono } from "hono";

import { readWhole } from "../../shared/archive/whole.ts";
import { readPulse } from "../../shared/db/jobs/watch-job.ts";
import { intakeOf } from "../../shared/jobs/intake.ts";
import type { App } from "../http/app.ts";
import { describe, type Description } from "../http/describe.ts";
import { decodeEventId, inThisLife } from "./event-cursor.ts";
import type { JobEvent } from "./follow-job.ts";
import { problem } from "../http/problem.ts";
import { streamInPlace } from "./stream-in-place.ts";
import { streamJob } from "./stream-job.ts";

export const events = new Hono<App>();

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
  const { db, media } = intakeOf(c.env);
  const pulse = await readWhole({ db, media }, job, () => readPulse(db, job, 0));
  if (pulse === null) return problem(c, { code: "job_not_found", detail: `There is no job '${job.id}'.` });
  const cursor = inThisLife(decodeEventId(job.id, c.req.header("last-event-id")), pulse);
  // An EventSource connects again after every end except this answer.
  if (cursor.isDone) return c.body(null, 204);

  const { origin } = new URL(c.req.url);
  // After an error the client connects again and continues after its last event.
  return streamInPlace(c, job.id, async (stream, isOver) => {
    await stream.write(`retry: ${RETRY_MS}\n\n`);
    const send = (event: JobEvent) => stream.writeSSE({ ...event, data: JSON.stringify(event.data) });
    // A client whose stream ends before the job connects again with its last id.
    await streamJob(stream, { job, cursor, isOver, send, db, media, origin });
  });
}
