import type { Context } from "hono";
import type { ContentfulStatusCode } from "hono/utils/http-status";

const PROBLEMS = {
  invalid_request: [422, "The request is not valid"],
  invalid_json: [400, "The body is not JSON"],
  unauthorized: [401, "A valid API key is required"],
  forbidden: [403, "Only the operator may do this"],
  not_found: [404, "There is nothing here"],
  kind_not_found: [404, "No such kind of job"],
  job_not_found: [404, "No such job"],
  artifact_not_found: [404, "No such artifact"],
  file_not_found: [404, "No such file"],
  model_not_found: [404, "No such model"],
  prediction_not_found: [404, "No such prediction"],
  dead_letter_not_found: [404, "No such dead letter"],
  redrive_not_found: [404, "No such redrive"],
  webhook_not_found: [404, "No such webhook endpoint"],
  delivery_not_found: [404, "No such delivery"],
  source_not_found: [404, "No such source object"],
  job_finished: [409, "The job has already ended"],
  not_redrivable: [409, "The dead letter cannot be redriven"],
  not_discardable: [409, "The dead letter cannot be discarded"],
  nothing_to_redrive: [409, "No dead letter can be redriven"],
  too_many_webhooks: [409, "There are enough webhook endpoints"],
  not_replayable: [409, "The delivery cannot be replayed"],
  redrive_finished: [409, "The redrive has already ended"],
  length_required: [411, "The upload's length is required"],
  body_too_large: [413, "The body is too large"],
  upload_too_large: [413, "The upload is too large"],
  upload_incomplete: [400, "The upload ended early"],
  unsupported_media: [415, "No kind of job takes this file"],
  range_not_satisfiable: [416, "The range lies outside the artifact"],
  internal_error: [500, "Something failed on our side"],
  unavailable: [503, "The service is not ready"],
} as const satisfies Record<string, readonly [ContentfulStatusCode, string]>;

export type ProblemCode = keyof typeof PROBLEMS;

export interface Problem {
  readonly code: ProblemCode;
  /** A sentence about this occurrence. */
  readonly detail: string;
  /** What was wrong where, for `invalid_request`. */
  readonly issues?: readonly { readonly path: string; readonly message: string }[];
}

/** An RFC 9457 answer. `type` is stable: programs may compare it, or the shorter `code`. */
export function problem(c: Context, { code, detail, issues }: Problem, headers: Record<string, string> = {}): Response {
  const [status, title] = PROBLEMS[code];
  const body = { type: `urn:darkroom:problem:${code}`, title, status, detail, code, ...(issues && { issues }) };
  return c.body(JSON.stringify(body), status, { ...headers, "content-type": "application/problem+json" });
}
