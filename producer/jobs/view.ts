import { parseOwn } from "../../shared/input/read-json.ts";
import { titleOf } from "../../shared/jobs/job-title.ts";
import type { AttemptRow, JobDetail, JobRow } from "../../shared/jobs/job-detail.ts";
import { MOST_COUNTED } from "../../shared/db/jobs/queue-place.ts";
import type { Estimate } from "../../shared/cost/estimate.ts";
import type { JobWork } from "../../shared/kinds/index.ts";
import { PRIORITIES } from "../../shared/jobs/terms.ts";
import { estimateView } from "./priced.ts";
import { estimate, paceOf } from "./pace.ts";
import { iso } from "../http/time.ts";
import type { Attempt, Job, JobSummary } from "./schema.ts";

/** The summary of a job for a list. Times are ISO 8601. */
export function jobSummary(job: JobRow, origin: string): JobSummary {
  return {
    id: job.id,
    kind: job.kind,
    state: job.state,
    title: titleOf(parseOwn(job.input) as JobWork["input"]),
    tags: parseOwn(job.tags ?? "[]") as string[],
    metadata: parseOwn(job.metadata ?? "{}") as Record<string, string>,
    createdAt: iso(job.createdAt),
    startedAt: iso(job.startedAt),
    finishedAt: iso(job.finalizedAt),
    error: job.errorCode === null ? null : { code: job.errorCode, message: job.errorMessage },
    // The identical job whose result this job has, if it reused one.
    reused: job.reusedFrom === null ? null : { jobId: job.reusedFrom, savedNeurons: job.savedNeurons },
    ...figuresOf(job),
    url: `${origin}/v1/jobs/${job.id}`,
  };
}

function figuresOf({
  fraction = null,
  neurons,
  estimate: stored,
  archivedEstimate = null,
}: JobRow): Pick<JobSummary, "figures"> {
  if (neurons === undefined) return {};
  const estimatedNeurons = stored === null ? archivedEstimate : estimateView(parseOwn(stored) as Estimate).neurons;
  return { figures: { fraction, neurons, estimatedNeurons } };
}

/** A job with all its details. Durations are milliseconds. */
export function jobView(detail: JobDetail, origin: string, now = Date.now()): Job {
  const { job, tasks, attempts, artifacts, labels, progress } = detail;
  const completed = tasks.filter((task) => task.state === "completed").length;
  const chunks = tasks.filter((task) => task.kind === "transcribe_chunk");
  const recording = tasks.find((task) => task.recording !== null)?.recording ?? "null";
  return {
    ...jobSummary(job, origin),
    input: parseOwn(job.input) as JobWork["input"],
    terms: {
      priority: PRIORITIES[job.priority] ?? "normal",
      startBy: iso(job.startBy),
      deadlineAt: iso(job.deadlineAt),
      maxNeurons: job.maxNeurons,
    },
    choice: parseOwn(job.choice ?? "null") as Job["choice"], // our own JSON, from newJob
    estimate: job.estimate === null ? null : estimateView(parseOwn(job.estimate) as Estimate),
    progress: {
      tasksCompleted: completed,
      tasksTotal: tasks.length,
      fraction: tasks.length === 0 ? 0 : completed / tasks.length,
      ...(progress.audioMsTotal !== null && {
        chunksCompleted: chunks.filter((task) => task.state === "completed").length,
        chunksTotal: chunks.length,
        ...progress,
        audioMsDone: progress.audioMsDone ?? 0,
      }),
    },
    timings: {
      queuedMs: job.startedAt === null ? null : job.startedAt - job.createdAt,
      runningMs: job.startedAt === null || job.finalizedAt === null ? null : job.finalizedAt - job.startedAt,
    },
    waiting: waitingView(detail),
    queue: queueView(detail, now),
    recording: parseOwn(recording) as Job["recording"], // our own JSON, from settleTasks
    attempts: attempts.map(attemptView),
    artifacts: artifacts.map(({ name, contentType, sizeBytes }) => ({
      name,
      contentType,
      sizeBytes,
      url: `${origin}/v1/jobs/${job.id}/artifacts/${encodeURIComponent(name)}`,
    })),
    notices: noticesOf(detail),
    labels: [...labels],
  };
}

/** The place of a queued job. Its times are estimated from the latest jobs, and null if none was measured. */
function queueView(detail: JobDetail, now: number): Job["queue"] {
  if (detail.ahead === null) return null;
  const expected = estimate(detail, now);
  return {
    position: detail.ahead,
    isAtLeast: detail.ahead >= MOST_COUNTED,
    startsAt: iso(expected?.startsAt ?? null),
    eta: iso(expected?.endsAt ?? null),
    measured: paceOf(detail.runs),
  };
}

/**
 * Why none of the job's tasks runs: an identical job does its work, its kind is paused, the account is held, or a task is between two
 * attempts. `until` is null if the end is not known.
 */
function waitingView({ job, tasks, attempts, pause, hold }: JobDetail): Job["waiting"] {
  if (job.finalizedAt !== null) return null;
  if (job.follows !== null) {
    const message = `Job '${job.follows}' is identical; this job will get its result.`;
    return { until: null, code: "identical_job", message };
  }
  const isRunning = tasks.some((task) => task.state === "running");
  if (pause !== null && !isRunning) {
    const message = `Jobs of kind '${job.kind}' are paused by the operator${pause.note === null ? "." : `: ${pause.note}`}`;
    return { until: null, code: "kind_paused", message };
  }
  const waiting = tasks.find((task) => task.state === "retryable");
  const isKept = ({ state, model }: (typeof tasks)[number]) => model !== null && state === "available";
  if (hold !== null && !isRunning && waiting === undefined && tasks.some(isKept)) {
    const message = "The account's daily allocation of neurons is used up; its jobs wait until the next allocation.";
    return { until: iso(hold.until), code: hold.code, message };
  }
  if (waiting === undefined) return null;
  const why = attempts.findLast((attempt) => attempt.taskId === waiting.id);
  return { until: iso(waiting.scheduledAt), code: why?.errorCode ?? null, message: why?.errorMessage ?? null };
}

/** The notices of the calls whose answers were kept: those of attempts that completed, and of the job whose result this is. */
function noticesOf({ job, attempts }: JobDetail): string[] {
  const own = attempts
    .filter(hasLeftResult)
    .flatMap((attempt) => attemptView(attempt).calls.flatMap(({ notices = [] }) => notices));
  const reused = parseOwn(job.reusedNotices ?? "[]") as string[][]; // our own JSON, from selectJob
  return [...new Set([...own, ...reused.flat()])];
}

/** Whether an attempt completed, or the next one did with its answer, because it failed after it had stored the answer. */
function hasLeftResult({ taskId, number, outcome, usage }: AttemptRow, _: number, all: readonly AttemptRow[]): boolean {
  if (outcome === "completed" || usage === null) return outcome === "completed";
  const next = all.find((later) => later.taskId === taskId && later.number > number);
  return next?.outcome === "completed" && next.usage === null;
}

/** An attempt as jobs and dead letters show it. */
export function attemptView(attempt: JobDetail["attempts"][number]): Attempt {
  return {
    taskId: attempt.taskId,
    number: attempt.number,
    outcome: attempt.outcome,
    startedAt: iso(attempt.startedAt),
    durationMs: attempt.finishedAt - attempt.startedAt,
    model: attempt.model,
    engine: attempt.engine,
    neurons: attempt.neurons,
    calls: parseOwn(attempt.usage ?? "[]") as Attempt["calls"], // our own JSON, from settleTasks
    error: attempt.errorCode === null ? null : { code: attempt.errorCode, message: attempt.errorMessage },
  };
}
