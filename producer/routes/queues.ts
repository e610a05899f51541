import { type Context, Hono } from "hono";
import { bodyLimit } from "hono/body-limit";

import { OWN_JOBS_COUNTED, readLoad, readOwnLoad } from "../../shared/db/load.ts";
import { pauseKind, resumeKind } from "../../shared/db/pauses.ts";
import { intakeOf } from "../../shared/intake.ts";
import { JOB_KINDS, type JobKind } from "../../shared/job.ts";
import { MAX_JSON_BYTES } from "../../shared/limits.ts";
import { MESSAGES_A_CALL, wake } from "../../shared/wake.ts";
import type { App } from "../app.ts";
import { kindView, loadView } from "../load-view.ts";
import { problem } from "../problem.ts";
import { queueView } from "../queue-metrics.ts";
import { NoQuery, PauseRequest } from "../requests.ts";
import { parseBody, parseQuery } from "../validate.ts";

export const queues = new Hono<App>();

const limitBody = bodyLimit({
  maxSize: MAX_JSON_BYTES,
  onError: (c) => problem(c, { code: "body_too_large", detail: `A pause has at most ${MAX_JSON_BYTES} bytes.` }),
});

/** Everybody's load and the platform's own figures for the operator; for anyone else their own load alone. */
queues.get("/", async (c) => {
  const query = parseQuery(c, NoQuery);
  if (!query.ok) return query.response;
  const now = Date.now();
  const { db, journal, operatorId } = intakeOf(c.env);
  const ownerId = c.get("ownerId");
  if (ownerId !== operatorId) {
    const load = await readOwnLoad(db, ownerId, now);
    return c.json({ scope: "own", jobsCounted: OWN_JOBS_COUNTED, queues: null, ...loadView(load, now) });
  }
  const [load, ...views] = await Promise.all([
    readLoad(db, now),
    queueView("media-uploads", c.env.UPLOADS, { now, journal }),
    queueView("media-tasks", c.env.TASKS, { now, journal }),
    queueView("media-dead-letters", c.env.DEAD_LETTERS, { now, journal }),
  ]);
  return c.json({ scope: "all", jobsCounted: null, queues: views, ...loadView(load, now) });
});

/** Lease nothing of this kind any more. What runs goes on to its end; what is submitted waits. Twice is once. */
queues.post("/:kind/pause", limitBody, async (c) => {
  const kind = kindOf(c);
  if (typeof kind !== "string") return kind;
  const request = await parseBody(c, PauseRequest, {});
  if (!request.ok) return request.response;
  const { db, journal } = intakeOf(c.env);
  const { note = null } = request.value;
  if (await pauseKind(db, kind, { note, now: Date.now() })) journal.record({ event: "kind.paused", kind }, { note });
  return answer(c, kind);
});

/** Lease this kind again, and ring for what is due. Twice is once. */
queues.post("/:kind/resume", limitBody, async (c) => {
  const kind = kindOf(c);
  if (typeof kind !== "string") return kind;
  const request = await parseBody(c, PauseRequest, {});
  if (!request.ok) return request.response;
  const { db, journal, tasks } = intakeOf(c.env);
  const { note } = request.value;
  const { isResumed, due } = await resumeKind(db, kind, Date.now());
  if (isResumed) journal.record({ event: "kind.resumed", kind }, { note, due: due.length });
  // One call's worth at once; maintenance rings for the rest, a thousand a minute.
  await wake(tasks, due.slice(0, MESSAGES_A_CALL));
  return answer(c, kind);
});

function kindOf(c: Context<App>): JobKind | Response {
  const name = c.req.param("kind");
  if (c.get("ownerId") !== c.env.OPERATOR_ID) {
    return problem(c, { code: "forbidden", detail: "Kinds are paused and resumed with a key of the operator." });
  }
  const kind = JOB_KINDS.find((known) => known === name);
  return kind ?? problem(c, { code: "kind_not_found", detail: `'${name}' is none of ${JOB_KINDS.join(", ")}.` });
}

async function answer(c: Context<App>, kind: JobKind): Promise<Response> {
  const now = Date.now();
  return c.json(kindView(kind, await readLoad(c.env.DB, now), now));
}
