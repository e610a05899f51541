import { intakeOf } from "../../shared/jobs/intake.ts";
import type { Context } from "hono";

import type { JobDetail } from "../../shared/jobs/job-detail.ts";
import type { App } from "../http/app.ts";
import { waitForJob } from "../jobs/wait-for-job.ts";
import { openAiError, type OpenAiError } from "./errors.ts";

/**
 * How long a call waits for its job. OpenAI's SDK gives up after ten minutes, and proxies often do so earlier. Five minutes are enough
 * to transcribe a long recording.
 */
const WAIT_MS = 5 * 60_000;

/** The failures that the client can correct. The same request would fail again. */
const INPUT_FAULTS = new Set([
  "damaged",
  "empty",
  "encrypted",
  "image_too_large",
  "index_too_large",
  "invalid_model_input",
  "invalid_prompt",
  "invalid_text",
  "no_audio_track",
  "refused_by_model",
  "request_too_large",
  "sampling_rate_too_low",
  "source_empty",
  "source_too_large",
  "too_complex",
  "too_many_calls",
  "undecodable_input",
  "unsupported_audio",
  "unsupported_codec",
  "unsupported_container",
]);

export type Awaited =
  | { readonly ok: true; readonly jobs: readonly JobDetail[]; readonly headers: Record<string, string> }
  | { readonly ok: false; readonly response: Response };

/** Wait until every job has completed. If one has not, the answer is the error of the first such job. `headers` name the jobs. */
export async function awaitJobs(c: Context<App>, ids: readonly string[], param: string): Promise<Awaited> {
  const headers = { "x-darkroom-job": ids.join(", ") };
  const ownerId = c.get("ownerId");
  const deps = intakeOf(c.env);
  const endAt = Date.now() + WAIT_MS;
  const jobs: JobDetail[] = [];
  // One after the other: each wait reads D1 once a second, and an invocation may make a thousand queries.
  for (const id of ids) {
    const job = await waitForJob(deps, { id, ownerId }, Math.max(0, endAt - Date.now()));
    if (job !== null) jobs.push(job);
  }
  const broken = jobs.find(({ job }) => job.state !== "completed");
  if (broken !== undefined) {
    const error = unfinished(broken.job, param);
    // Without this header the SDK would send the request again, which would cost again. The client should read the jobs instead.
    const response = openAiError(
      c,
      { ...error, message: `${error.message}${othersOf(jobs)}` },
      { ...headers, "x-should-retry": "false" },
    );
    return { ok: false, response };
  }
  if (jobs.length < ids.length) throw new Error(`jobs '${ids.join(", ")}' were pruned while their client waited`);
  return { ok: true, jobs, headers };
}

/** The results of the other jobs of a call, which are paid for and kept. */
function othersOf(jobs: readonly JobDetail[]): string {
  const completed = jobs.filter(({ job }) => job.state === "completed").map(({ job }) => `'${job.id}'`);
  if (jobs.length === 1) return "";
  if (completed.length === 0) return ` None of the ${jobs.length} jobs of the call has completed.`;
  return ` ${completed.length} of the ${jobs.length} jobs of the call completed: read ${completed.join(", ")} with GET /v1/jobs/{id}.`;
}

/** The error for a job that has not completed. `param` is the parameter that has its input. */
export function unfinished(
  { id, state, errorCode, errorMessage }: Pick<JobDetail["job"], "id" | "state" | "errorCode" | "errorMessage">,
  param: string,
  waitedMs = WAIT_MS,
): OpenAiError {
  if (state === "cancelled") {
    return { status: 409, message: `Job '${id}' was cancelled.`, type: "invalid_request_error", code: "job_cancelled" };
  }
  if (state !== "failed") {
    const message = `Job '${id}' has not ended after ${waitedMs / 1000} s, and continues. Read it with GET /v1/jobs/${id}.`;
    return { status: 504, message, type: "server_error", code: "timeout" };
  }
  const message = `Job '${id}' failed: ${errorMessage ?? "the reason is not known"}`;
  if (errorCode !== null && INPUT_FAULTS.has(errorCode)) {
    return { status: 400, message, type: "invalid_request_error", param, code: errorCode };
  }
  return { status: 500, message, type: "server_error", code: errorCode };
}
