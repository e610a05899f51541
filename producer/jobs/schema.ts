import * as z from "zod";

import { JOB_STATES } from "../../shared/jobs/job.ts";
import { TIERS } from "../../shared/models/models.ts";
import { JOB_KINDS, JobInput } from "../../shared/kinds/index.ts";
import { PRIORITIES } from "../../shared/jobs/terms.ts";
import { Estimate } from "../usage/schema.ts";
import { Failure, MaybeTime, NextCursor, Time } from "../http/time.ts";

/** A job as a list shows it. */
export const JobSummary = z
  .object({
    id: z.string(),
    kind: z.enum(JOB_KINDS),
    state: z.enum(JOB_STATES),
    title: z.string().describe("what it is about: its file's name, or the beginning of its prompt or text"),
    tags: z.array(z.string()),
    metadata: z.record(z.string(), z.string()),
    createdAt: Time,
    startedAt: MaybeTime,
    finishedAt: MaybeTime,
    error: Failure.nullable(),
    reused: z
      .object({ jobId: z.string(), savedNeurons: z.number().nullable() })
      .nullable()
      .describe("whose result this is, where an identical job had one"),
    figures: z
      .object({
        fraction: z.number().nullable().describe("how many of its tasks have ended, 0 to 1; null unless it runs"),
        neurons: z.number().describe("what it cost so far"),
        estimatedNeurons: z.number().nullable().describe("what it is expected to cost; null while nobody knows"),
      })
      .optional()
      .describe("in a list that was asked for figures"),
    url: z.string(),
  })
  .meta({ id: "JobSummary" });
export type JobSummary = z.infer<typeof JobSummary>;

/** One call to a model. */
export const ModelCall = z
  .object({
    model: z.string(),
    engine: z.string().nullable().describe("who answered; null where nobody did"),
    units: z.record(z.string(), z.number()).describe("what it consumed: audioSeconds, tiles, steps, inputTokens, ..."),
    neurons: z.number(),
    isEstimated: z.boolean().describe("whether the neurons are the catalogue's, as the platform named none"),
    durationMs: z.number().nullable(),
    recalledFrom: z.int().optional().describe("the attempt that bought it, where this one took its result over"),
    startedAt: Time.optional().describe("when it was sent"),
    shape: z.string().optional().describe("the fields that the answer had, without their values"),
    gatewayLogId: z.string().optional().describe("the log entry of AI Gateway"),
  })
  .meta({ id: "ModelCall" });

export const Attempt = z
  .object({
    taskId: z.string(),
    number: z.int(),
    outcome: z.string(),
    startedAt: Time,
    durationMs: z.number(),
    model: z.string().nullable(),
    engine: z.string().nullable(),
    neurons: z.number().nullable().describe("what its calls cost together; null where no model was asked"),
    calls: z.array(ModelCall),
    error: Failure.nullable(),
  })
  .meta({ id: "Attempt" });
export type Attempt = z.infer<typeof Attempt>;

export const Artifact = z
  .object({ name: z.string(), contentType: z.string(), sizeBytes: z.int(), url: z.string() })
  .meta({ id: "Artifact" });

const Progress = z.object({
  tasksCompleted: z.int(),
  tasksTotal: z.int(),
  fraction: z.number(),
  chunksCompleted: z.int().optional().describe("of a recording that was cut; a chunk halved since is done"),
  chunksTotal: z.int().optional(),
  audioMsDone: z.number().optional(),
  audioMsTotal: z.number().nullable().optional(),
});

const ModelChoice = z.object({
  model: z.string(),
  tier: z.enum(TIERS),
  by: z.enum(["tier", "model", "latency_budget"]),
  reason: z.string(),
  latencyBudgetMs: z.int().optional(),
  considered: z
    .array(
      z.object({
        model: z.string(),
        p50Ms: z.number(),
        p95Ms: z.number(),
        measuredCalls: z.int().describe("how many calls these figures are from; 0 where they are assumed"),
      }),
    )
    .optional()
    .describe("what there was to choose from, best first"),
});

const Waiting = z.object({ until: MaybeTime, code: z.string().nullable(), message: z.string().nullable() });

const QueuePlace = z.object({
  position: z.int().describe("tasks of your own with the same kind and model that run before; 0 is next"),
  isAtLeast: z.boolean().describe("counting ended at 1,000"),
  startsAt: MaybeTime.describe("estimate; null where nothing has been measured or nobody can know"),
  eta: MaybeTime.describe("estimate of when it ends; null like startsAt"),
  measured: z
    .object({
      jobs: z.int().describe("how many completed jobs of this kind the figures are from: the latest, at most 50"),
      medianRunMs: z.number(),
      msBetweenEnds: z.number().describe("time in which at least one of them ran, by their number"),
    })
    .nullable(),
});

/** A job with all there is to tell of it. Durations are milliseconds. */
export const Job = JobSummary.extend({
  input: JobInput,
  terms: z.object({
    priority: z.enum(PRIORITIES),
    startBy: MaybeTime,
    deadlineAt: MaybeTime,
    maxNeurons: z.number().nullable(),
  }),
  choice: ModelChoice.nullable().describe("which model it was given, and why"),
  estimate: Estimate.nullable().describe("null until the recording's headers were read"),
  progress: Progress,
  timings: z.object({ queuedMs: z.number().nullable(), runningMs: z.number().nullable() }),
  waiting: Waiting.nullable().describe("why nothing of it runs"),
  queue: QueuePlace.nullable().describe("where it stands while it is queued"),
  attempts: z.array(Attempt).describe("the latest 100"),
  artifacts: z.array(Artifact),
  labels: z.array(z.object({ label: z.string(), score: z.number() })),
}).meta({ id: "Job" });
export type Job = z.infer<typeof Job>;

/** A part of a recording that was cut. */
export const Chunk = z
  .object({
    startMs: z.int(),
    endMs: z.int(),
    state: z.enum(["waiting", "running", "done", "gap"]).describe("gap: given up on, or cancelled"),
  })
  .meta({ id: "Chunk" });
export type Chunk = z.infer<typeof Chunk>;

export const JobChunks = z
  .object({ chunks: z.array(Chunk).describe("empty where nothing was cut") })
  .meta({ id: "JobChunks" });

/** What a key is told that may not read: that there is a job, and where. */
export const AcceptedJob = JobSummary.pick({ id: true, kind: true, createdAt: true, url: true }).meta({
  id: "AcceptedJob",
});

export const JobPage = z.object({ jobs: z.array(JobSummary), nextCursor: NextCursor });

/** A job that was deleted. */
export const DeletedJob = z
  .object({
    id: z.string(),
    source: z
      .enum(["deleted", "in_use", "kept", "none", "pending"])
      .describe(
        "in_use: another job reads it; kept: its deletion was not asked for; none: there is none, or another object has its name now; pending: it will be deleted within minutes",
      ),
  })
  .meta({ id: "DeletedJob" });
export type DeletedJob = z.infer<typeof DeletedJob>;
