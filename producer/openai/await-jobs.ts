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
  const found = await Promise.all(ids.map((id) => waitForJob(deps, { id, ownerId }, WAIT_MS)));
  const jobs = found.filter((job) => job !== null);
  for (const { job } of jobs) {
    if (job.state === "completed") continue;
    // Without this header the SDK would send the request again, which would cost again. The client should read the job instead.
    return { ok: false, response: openAiError(c, unfinished(job, param), { ...headers, "x-should-retry": "false" }) };
  }
  if (jobs.length < ids.length) throw new Error(`jobs '${ids.join(", ")}' were pruned while their client waited`);
  return { ok: true, jobs, headers };
}

/** The error for a job that has not completed. `param` is the parameter that has its input. */
export function unfinished(
  { id, state, errorCode, errorMessage }: Pick<JobDetail["job"], "id" | "state" | "errorCode" | "errorMessage">,
  param: string,
): OpenAiError {
  if (state === "cancelled") {
    return { status: 409, message: `Job '${id}' was cancelled.`, type: "invalid_request_error", code: "job_cancelled" };
  }
  if (state !== "failed") {
    const message = `Job '${id}' has not ended after ${WAIT_MS / 1000} s, and continues. Read it with GET /v1/jobs/${id}.`;
    return { status: 504, message, type: "server_error", code: "timeout" };
  }
  const message = `Job '${id}' failed: ${errorMessage ?? "the reason is not known"}`;
  if (errorCode !== null && INPUT_FAULTS.has(errorCode)) {
    return { status: 400, message, type: "invalid_request_error", param, code: errorCode };
  }
  return { status: 500, message, type: "server_error", code: errorCode };
}
