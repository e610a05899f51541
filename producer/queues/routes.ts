import { type Context, Hono } from "hono";
import type { DescribeRouteOptions } from "hono-openapi";

import { liftHold } from "../../shared/db/cost/holds.ts";
import { OWN_JOBS_COUNTED, readLoad, readOwnLoad } from "../../shared/db/tasks/load.ts";
import { readSize } from "../../shared/db/database.ts";
import { changePause } from "../../shared/db/tasks/pauses.ts";
import { readThroughput } from "../../shared/db/tasks/throughput.ts";
import { announce } from "../../shared/jobs/announce.ts";
import { intakeOf } from "../../shared/jobs/intake.ts";
import { JOB_KINDS, type JobKind } from "../../shared/kinds/index.ts";
import { MESSAGES_A_CALL } from "../../shared/jobs/wake.ts";
import type { App } from "../http/app.ts";
import { actorOf } from "../http/auth.ts";
import { body, BODY_PROBLEMS, describe, query } from "../http/describe.ts";
import { limitBody } from "../http/limit-body.ts";
import { HOUR_MS } from "../../shared/durations.ts";
import { kindView, loadView, throughputSeries } from "./view.ts";
import { operatorOnly } from "../http/operator-only.ts";
import { problem } from "../http/problem.ts";
import { queueView } from "./queue-metrics.ts";
import { NoQuery } from "../http/page-query.ts";
import { JobThroughput, KindLoad, Load, PauseRequest, ThroughputQuery } from "./schema.ts";
import { KIND_LOAD, LOAD, PAUSED_KIND, PAUSE_REQUEST, THROUGHPUT } from "./examples.ts";

export const queues = new Hono<App>();

/** The operator gets the load of every owner and the platform's own figures. Other owners get their own load only. */
queues.get(
  "/",
  describe({
    operationId: "readQueues",
    summary: "Count what waits and what runs, by kind",
    description:
      "Counts tasks by kind and state, with the backlog of the queues, the size of the database, and what is paused.",
    tags: ["operations"],
    answers: {
      200: { description: "the load of every owner for the operator, otherwise your own", schema: Load, example: LOAD },
    },
    problems: ["invalid_request"],
  }),
  query(NoQuery),
  async (c) => {
    const now = Date.now();
    const { db, journal, operatorId } = intakeOf(c.env);
    const ownerId = c.get("ownerId");
    if (ownerId !== operatorId) {
      const load = await readOwnLoad(db, ownerId, now);
      const own: Load = {
        scope: "own",
        jobsCounted: OWN_JOBS_COUNTED,
        queues: null,
        database: null,
        ...loadView(load, now),
      };
      return c.json(own);
    }
    const [load, database, ...views] = await Promise.all([
      readLoad(db, now),
      readSize(db),
      queueView("uploads", c.env.UPLOADS, { now, journal }),
      queueView("tasks", c.env.TASKS, { now, journal }),
      queueView("dead-letters", c.env.DEAD_LETTERS, { now, journal }),
    ]);
    const all: Load = { scope: "all", jobsCounted: null, queues: views, database, ...loadView(load, now) };
    return c.json(all);
  },
);

/** How many steps a chart has at most: an hour by the minute, a day by the half hour. */
const STEPS = 60;
const SHORTEST_STEP_MS = 60_000;
const NICE_STEPS_MINUTES = [1, 2, 5, 10, 15, 30] as const;

queues.get(
  "/throughput",
  describe({
    operationId: "readThroughput",
    summary: "Count the jobs that ended in each step of time, by kind",
    description: "Counts the jobs that ended, by kind and step of time, for a chart.",
    tags: ["operations"],
    answers: {
      200: {
        description: "the jobs of every owner for the operator, otherwise your own",
        schema: JobThroughput,
        example: THROUGHPUT,
      },
    },
    problems: ["invalid_request"],
  }),
  query(ThroughputQuery),
  async (c) => {
    const { hours } = c.req.valid("query");
    const { db, operatorId } = intakeOf(c.env);
    const ownerId = c.get("ownerId") === operatorId ? null : c.get("ownerId");
    const nice = NICE_STEPS_MINUTES.map((minutes) => minutes * SHORTEST_STEP_MS);
    const stepMs = nice.find((step) => step >= (hours * HOUR_MS) / STEPS) ?? 30 * SHORTEST_STEP_MS;
    const asked = { ownerId, hours, stepMs, now: Date.now() };
    return c.json(throughputSeries(await readThroughput(db, asked), asked));
  },
);

const forOperator = operatorOnly(
  "Only the operator may pause or resume a kind, or lift the account's hold. Use a key of the operator.",
);

const KIND_PARAMETER: NonNullable<DescribeRouteOptions["parameters"]>[number] = {
  in: "path",
  name: "kind",
  required: true,
  schema: { type: "string", enum: [...JOB_KINDS] },
};

/** Pause a kind: none of its tasks is leased. Running tasks continue until they end; new jobs wait. Pausing it again changes nothing. */
queues.post(
  "/:kind/pause",
  describe({
    operationId: "pauseKind",
    summary: "Pause a kind: its running tasks continue, and no more are started",
    description:
      "Tasks of this kind do not start until it is resumed. Those that run end as usual. Only the operator may pause.",
    request: PAUSE_REQUEST,
    tags: ["operations"],
    parameters: [KIND_PARAMETER],
    answers: { 200: { description: "the kind, paused", schema: KindLoad, example: PAUSED_KIND } },
    problems: [...BODY_PROBLEMS, "forbidden", "kind_not_found"],
  }),
  limitBody,
  forOperator,
  body(PauseRequest, { absent: {} }),
  async (c) => {
    const kind = kindOf(c);
    if (kind === undefined) return unknownKind(c);
    const { db, journal } = intakeOf(c.env);
    const { note = null } = c.req.valid("json");
    const change = { isPaused: true, note, actor: actorOf(c), now: Date.now() };
    const { isChanged } = await changePause(db, kind, change);
    if (isChanged) journal.record({ event: "kind.paused", kind }, { note });
    return answer(c, kind);
  },
);

/** Resume a kind, and wake consumers for the tasks that are due. Resuming it again changes nothing. */
queues.post(
  "/:kind/resume",
  describe({
    operationId: "resumeKind",
    summary: "Resume a kind that was paused",
    description: "Tasks that waited start again. Only the operator may resume.",
    request: {},
    tags: ["operations"],
    parameters: [KIND_PARAMETER],
    answers: { 200: { description: "the kind, resumed", schema: KindLoad, example: KIND_LOAD } },
    problems: [...BODY_PROBLEMS, "forbidden", "kind_not_found"],
  }),
  limitBody,
  forOperator,
  body(PauseRequest, { absent: {} }),
  async (c) => {
    const kind = kindOf(c);
    if (kind === undefined) return unknownKind(c);
    const intake = intakeOf(c.env);
    const { note = null } = c.req.valid("json");
    const change = { isPaused: false, note, actor: actorOf(c), now: Date.now() };
    const { isChanged, ready } = await changePause(intake.db, kind, change);
    if (isChanged) intake.journal.record({ event: "kind.resumed", kind }, { note, due: ready.length });
    // One call's worth of messages at once. Maintenance wakes the rest, a thousand a minute.
    await announce({ ready: ready.slice(0, MESSAGES_A_CALL) }, intake);
    return answer(c, kind);
  },
);

/** Lift the hold, so that models are asked again although the platform has said that the day's allocation is used up. Lifting it again changes nothing. */
queues.delete(
  "/hold",
  describe({
    operationId: "liftHold",
    summary: "Lift the hold of an account that the platform has refused",
    description:
      "The platform refused the account, so Darkroom asks no model until the hold ends. This ends the hold at once. Only the operator may lift it.",
    tags: ["operations"],
    answers: { 204: { description: "the account is not held" } },
    problems: ["forbidden"],
  }),
  forOperator,
  async (c) => {
    const intake = intakeOf(c.env);
    const at = { now: Date.now(), limit: MESSAGES_A_CALL };
    const { isLifted, ready } = await liftHold(intake.db, actorOf(c), at);
    if (isLifted) intake.journal.record({ event: "account.released" }, { due: ready.length });
    await announce({ ready }, intake);
    return c.body(null, 204);
  },
);

function kindOf(c: Context<App>): JobKind | undefined {
  return JOB_KINDS.find((known) => known === c.req.param("kind"));
}

function unknownKind(c: Context<App>): Response {
  const detail = `'${c.req.param("kind") ?? ""}' is not a kind of job. The kinds are ${JOB_KINDS.join(", ")}.`;
  return problem(c, { code: "kind_not_found", detail });
}

async function answer(c: Context<App>, kind: JobKind): Promise<Response> {
  const now = Date.now();
  return c.json(kindView(kind, await readLoad(c.env.DB, now), now));
}
