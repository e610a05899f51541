import type { AttemptRow, JobDetail } from "../jobs/job-detail.ts";
import type { ListedJob, Prediction } from "./prediction.ts";
import type { JobState } from "../jobs/job.ts";
import { versionOf } from "./models.ts";
import { outputOf, type RenderDeps } from "./output.ts";

const STATUS = {
  queued: "starting",
  running: "processing",
  completed: "succeeded",
  failed: "failed",
  cancelled: "canceled",
} as const satisfies Record<JobState, string>;

/** Return a prediction as Replicate shows it: times in ISO 8601, metrics in seconds. */
export function predictionView(
  { model, input, webhook, events }: Prediction,
  job: ListedJob,
  { output, attempts, origin }: { output: unknown; attempts: readonly AttemptRow[]; origin: string },
) {
  const url = `${origin}/replicate/v1/predictions/${job.id}`;
  const { createdAt, startedAt, finalizedAt } = job;
  return {
    id: job.id,
    model,
    version: versionOf(model),
    input,
    output,
    logs: attempts.map(logLine).join(""),
    error: job.state === "failed" ? (job.errorMessage ?? "failed") : null,
    status: STATUS[job.state],
    source: "api",
    data_removed: false,
    created_at: iso(createdAt),
    started_at: iso(startedAt),
    completed_at: iso(finalizedAt),
    metrics:
      finalizedAt === null
        ? {}
        : {
            ...(startedAt !== null && { predict_time: (finalizedAt - startedAt) / 1000 }),
            total_time: (finalizedAt - createdAt) / 1000,
          },
    ...(webhook !== null && { webhook, webhook_events_filter: events }),
    urls: { get: url, cancel: `${url}/cancel` },
  };
}

export type PredictionView = ReturnType<typeof predictionView>;

/** Return a prediction with its output, which is read from the job's results. */
export async function renderPrediction(
  prediction: Prediction,
  detail: JobDetail,
  deps: RenderDeps,
): Promise<PredictionView> {
  const output = await outputOf(prediction, detail, deps);
  return predictionView(prediction, detail.job, { output, attempts: detail.attempts, origin: deps.origin });
}

function logLine({ number, outcome, model, errorMessage }: AttemptRow): string {
  const words = [`attempt ${number}`, model, outcome, errorMessage].filter((word) => word !== null);
  return `${words.join(": ")}\n`;
}

function iso(timeMs: number | null): string | null {
  return timeMs === null ? null : new Date(timeMs).toISOString();
}
