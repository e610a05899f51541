import * as z from "zod";

import { JOB_STATES } from "../../shared/jobs/job.ts";
import { TIERS } from "../../shared/models/models.ts";
import { JOB_KINDS, JobInput } from "../../shared/kinds/index.ts";
import { PRIORITIES } from "../../shared/jobs/terms.ts";
import { Track } from "../../shared/transcripts/transcript.ts";
import { Estimate } from "../usage/schema.ts";
import { Failure, MaybeTime, NextCursor, Time } from "../http/time.ts";

/** A job as a list shows it. */
export const JobSummary = z
  .object({
    id: z.string(),
    kind: z.enum(JOB_KINDS),
    state: z.enum(JOB_STATES),
    title: z.string().describe("the name of its file, or the beginning of its prompt or text"),
    tags: z.array(z.string()),
    metadata: z.record(z.string(), z.string()),
    createdAt: Time,
    startedAt: MaybeTime,
    finishedAt: MaybeTime,
    error: Failure.nullable(),
    reused: z
      .object({ jobId: z.string(), savedNeurons: z.number().nullable() })
      .nullable()
      .describe("the identical job whose result this job has, if it reused one"),
    figures: z
      .object({
        fraction: z.number().nullable().describe("the share of its tasks that have ended, 0 to 1; null unless it runs"),
        neurons: z.number().describe("what it has cost so far"),
        estimatedNeurons: z.number().nullable().describe("what it is expected to cost; null until that is known"),
      })
      .optional()
      .describe("only in a list that was requested with `figures=true`"),
    url: z.string(),
  })
  .meta({ id: "JobSummary" });
export type JobSummary = z.infer<typeof JobSummary>;

/** One call to a model. */
export const ModelCall = z
  .object({
    model: z.string(),
    engine: z.string().nullable().describe("the engine that answered; null if none did"),
    units: z.record(z.string(), z.number()).describe("what it consumed: audioSeconds, tiles, steps, inputTokens, ..."),
    neurons: z.number(),
    isEstimated: z
      .boolean()
      .describe("whether the neurons come from the catalogue, because the platform reported none"),
    durationMs: z.number().nullable(),
    recalledFrom: z.int().optional().describe("the earlier attempt that paid for the result, if this one reused it"),
    startedAt: Time.optional().describe("when the call was sent"),
    shape: z.string().optional().describe("the fields of the answer, without their values"),
    notices: z.array(z.string()).optional().describe("what to know about the answer, such as that the input was cut"),
    gatewayLogId: z.string().optional().describe("the id of the log entry in AI Gateway"),
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
    neurons: z.number().nullable().describe("what its calls cost together; null if no model was asked"),
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
  chunksCompleted: z
    .int()
    .optional()
    .describe("for a recording that was cut; a chunk that was halved counts as completed"),
  chunksTotal: z.int().optional(),
  audioMsDone: z.number().optional(),
  audioMsTotal: z.number().nullable().optional(),
});

/** A model that was considered for a latency budget. */
export const ConsideredModel = z.object({
  model: z.string(),
  p50Ms: z.number(),
  p95Ms: z.number(),
  measuredCalls: z.int().describe("how many calls these figures are from; 0 if they are assumed"),
});

export const CONSIDERED = "the models that were considered, best first";

export const ModelChoice = z.object({
  model: z.string(),
  tier: z.enum(TIERS),
  by: z.enum(["tier", "model", "latency_budget"]),
  reason: z.string(),
  latencyBudgetMs: z.int().optional(),
  considered: z.array(ConsideredModel).optional().describe(CONSIDERED),
});

const Waiting = z.object({ until: MaybeTime, code: z.string().nullable(), message: z.string().nullable() });

const QueuePlace = z.object({
  position: z
    .int()
    .describe("how many of your tasks with the same kind and model run before it; 0 means that it is next"),
  isAtLeast: z.boolean().describe("whether counting stopped at 1,000, so that the position may be higher"),
  startsAt: MaybeTime.describe("estimate of when it starts; null if it cannot be estimated"),
  eta: MaybeTime.describe("estimate of when it ends; null if it cannot be estimated"),
  measured: z
    .object({
      jobs: z.int().describe("how many of the latest completed jobs of this kind the figures are from, at most 50"),
      medianRunMs: z.number(),
      msBetweenEnds: z.number().describe("the time in which at least one of them ran, divided by their number"),
    })
    .nullable(),
});

const RecordingTracks = z.object({
  tracks: z.array(Track).readonly(),
  track: z.int().describe("the place of the track that is transcribed"),
});

/** A job with all its details. Durations are milliseconds. */
export const Job = JobSummary.extend({
  input: JobInput,
  terms: z.object({
    priority: z.enum(PRIORITIES),
    startBy: MaybeTime,
    deadlineAt: MaybeTime,
    maxNeurons: z.number().nullable(),
  }),
  choice: ModelChoice.nullable().describe("the model that was chosen for it, and why"),
  estimate: Estimate.nullable().describe("null until the recording's headers have been read"),
  progress: Progress,
  timings: z.object({ queuedMs: z.number().nullable(), runningMs: z.number().nullable() }),
  waiting: Waiting.nullable().describe("why none of its tasks runs; null if one does or the job has ended"),
  queue: QueuePlace.nullable().describe("its place in the queue while it is queued"),
  recording: RecordingTracks.nullable().describe(
    "the tracks of sound in the recording's file; null until the file is planned, and if the format has no tracks",
  ),
  attempts: z.array(Attempt).describe("the latest 100"),
  artifacts: z.array(Artifact),
  notices: z.array(z.string()).describe("what to know about the result: the input was cut, or the answer was"),
  labels: z.array(z.object({ label: z.string(), score: z.number() })),
}).meta({ id: "Job" });
export type Job = z.infer<typeof Job>;

/** A chunk of a recording that was cut. */
export const Chunk = z
  .object({
    startMs: z.int(),
    endMs: z.int(),
    state: z.enum(["waiting", "running", "done", "gap"]).describe("`gap`: the chunk was given up on or cancelled"),
  })
  .meta({ id: "Chunk" });
export type Chunk = z.infer<typeof Chunk>;

export const JobChunks = z
  .object({ chunks: z.array(Chunk).describe("empty if the source was not cut") })
  .meta({ id: "JobChunks" });

/** The job as a key that may not read gets it: only that the job exists, and where. */
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
        "`in_use`: another job reads it; `kept`: the request did not ask to delete it; `none`: the job had no source, or another object has its name now; `pending`: it will be deleted within minutes",
      ),
  })
  .meta({ id: "DeletedJob" });
export type DeletedJob = z.infer<typeof DeletedJob>;
