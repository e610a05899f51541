import * as z from "zod";

import { boundedText } from "../../shared/input/bounded-text.ts";
import { JOB_KINDS } from "../../shared/kinds/index.ts";
import { Time } from "../http/time.ts";

/** The query of `GET /v1/queues/throughput`. The default is the last day. */
export const ThroughputQuery = z.strictObject({ hours: z.coerce.number().int().min(1).max(24).default(24) });

/** The body of `POST /v1/queues/{kind}/pause`. Clients whose jobs wait can read the note. */
export const PauseRequest = z.strictObject({ note: boundedText({ max: 500, min: 1, trim: true }).optional() });

const Ended = z.object({ completed: z.int(), failed: z.int() });

/** The load of a kind of job: its unfinished tasks by state, and its jobs by the time they ended. Ages are milliseconds. */
export const KindLoad = z
  .object({
    kind: z.enum(JOB_KINDS),
    paused: z.object({ since: Time, note: z.string().nullable() }).nullable(),
    tasks: z.object({
      waiting: z.int(),
      delayed: z.int(),
      held: z.int(),
      running: z.int(),
      pending: z.int(),
      oldestDueAgeMs: z.number().nullable(),
    }),
    jobs: z.object({ last5Minutes: Ended, lastHour: Ended }),
    openDeadLetters: z.int(),
    atLeast: z
      .array(z.enum(["tasks", "jobs", "openDeadLetters"]))
      .describe("the figures whose count stopped at a limit, so that the true number may be higher"),
  })
  .meta({ id: "KindLoad" });
export type KindLoad = z.infer<typeof KindLoad>;

/** A queue's backlog as the platform counts it. Some of its messages may wake consumers for work that is already done. */
export const QueueBacklog = z
  .object({
    name: z.string(),
    backlogMessages: z.number().nullable(),
    backlogBytes: z.number().nullable(),
    oldestMessageAgeMs: z.number().nullable(),
    reason: z.string().nullable().describe("why there are no figures; null if there are"),
  })
  .meta({ id: "QueueBacklog" });
export type QueueBacklog = z.infer<typeof QueueBacklog>;

/** A hold, after the platform refused the account: no task that asks a model is leased. */
export const Hold = z.object({ code: z.string(), since: Time, until: Time }).meta({ id: "Hold" });

/** How large the database is. At the limit writes fail, and no job is accepted. */
export const DatabaseSize = z.object({ sizeBytes: z.number(), limitBytes: z.number() }).meta({ id: "DatabaseSize" });

export const Load = z
  .object({
    scope: z.enum(["own", "all"]),
    jobsCounted: z.int().nullable(),
    queues: z.array(QueueBacklog).nullable(),
    database: DatabaseSize.nullable().describe("for the operator; otherwise null"),
    hold: Hold.nullable(),
    kinds: z.array(KindLoad),
    unreadableMessages: z.int(),
  })
  .meta({ id: "Load" });
export type Load = z.infer<typeof Load>;

/** Jobs that ended, step by step. A step in which no job of a kind ended is left out. */
export const JobThroughput = z
  .object({
    scope: z.enum(["own", "all"]),
    from: Time,
    to: Time,
    stepSeconds: z.int(),
    points: z.array(
      z.object({
        at: Time.describe("when the step begins"),
        kind: z.enum(JOB_KINDS),
        completed: z.int(),
        failed: z.int(),
      }),
    ),
  })
  .meta({ id: "Throughput" });
export type JobThroughput = z.infer<typeof JobThroughput>;
