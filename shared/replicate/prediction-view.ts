import type { AttemptRow, JobDetail } from "../jobs/job-detail.ts";
import type { ListedJob, Prediction } from "./prediction.ts";
import type { JobState } from "../jobs/job.ts";
import { isAccessId } from "../keys/access.ts";
import { signingKey } from "../keys/signing-keys.ts";
import { signUrl } from "../uploads/signed-url.ts";
import { versionOf } from "./models.ts";
import { notesOn } from "./notes.ts";
import { outputOf, type RenderDeps } from "./output.ts";

const STATUS = {
  queued: "starting",
  running: "processing",
  completed: "succeeded",
  failed: "failed",
  cancelled: "canceled",
} as const satisfies Record<JobState, string>;

/** Return a prediction as Replicate shows it: times in ISO 8601, metrics in seconds. `stream` is a signed address. */
export function predictionView(
  { model, input, webhook, events }: Prediction,
  job: ListedJob,
  { output, logs, origin, stream }: { output: unknown; logs: string; origin: string; stream?: string | undefined },
) {
  const url = `${origin}/replicate/v1/predictions/${job.id}`;
  const { createdAt, startedAt, finalizedAt } = job;
  return {
    id: job.id,
    model,
    version: versionOf(model),
    input,
    output,
    logs,
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
    urls: { get: url, cancel: `${url}/cancel`, ...(stream !== undefined && { stream }) },
  };
}

export type PredictionView = ReturnType<typeof predictionView>;

/** Return a prediction with its output, which is read from the job's results. */
export async function renderPrediction(
  prediction: Prediction,
  detail: JobDetail,
  deps: RenderDeps,
): Promise<PredictionView> {
  const { origin } = deps;
  const output = await outputOf(prediction, detail, deps);
  const stream = await streamUrl(prediction, deps);
  return predictionView(prediction, detail.job, { output, logs: logsOf(prediction, detail), origin, stream });
}

/**
 * Return the address of a prediction's events. It is signed, because the SDK reads it without its key, and it ends with the key that
 * asked for the prediction. A person who is signed in has no key, and no stream.
 */
async function streamUrl({ jobId, keyId }: Prediction, { db, origin, now }: RenderDeps): Promise<string | undefined> {
  if (isAccessId(keyId)) return undefined;
  const url = `${origin}/replicate/v1/predictions/${jobId}/stream`;
  return signUrl(url, { key: await signingKey(db, now), now, by: keyId });
}

function logsOf(prediction: Prediction, detail: JobDetail): string {
  const notes = notesOn(prediction, detail).map((note) => `${note}\n`);
  return [...notes, ...detail.attempts.map(logLine)].join("");
}

function logLine({ number, outcome, model, errorMessage }: AttemptRow): string {
  const words = [`attempt ${number}`, model, outcome, errorMessage].filter((word) => word !== null);
  return `${words.join(": ")}\n`;
}

function iso(timeMs: number | null): string | null {
  return timeMs === null ? null : new Date(timeMs).toISOString();
}
