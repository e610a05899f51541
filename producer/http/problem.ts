import type { Context } from "hono";
import type { ContentfulStatusCode } from "hono/utils/http-status";
import * as z from "zod";

import type { Scope } from "../../shared/keys/scopes.ts";

export const PROBLEMS = {
  invalid_request: [422, "The request is not valid"],
  impossible_latency_budget: [422, "No model is that fast"],
  max_neurons_reached: [422, "The call may cost more than it is allowed to"],
  invalid_json: [400, "The body is not JSON"],
  unauthorized: [401, "A valid API key is required"],
  access_refused: [401, "The sign-in with Cloudflare Access is refused"],
  insufficient_scope: [403, "The key may not do this"],
  setup_closed: [403, "Nothing can be set up here"],
  wrong_setup_token: [403, "That is not the setup token"],
  not_a_member: [403, "This person may not sign in"],
  cross_site: [403, "The request comes from another site"],
  forbidden: [403, "Only the operator may do this"],
  not_found: [404, "There is nothing here"],
  kind_not_found: [404, "No such kind of job"],
  job_not_found: [404, "No such job"],
  artifact_not_found: [404, "No such artifact"],
  budget_not_found: [404, "No such budget"],
  file_not_found: [404, "No such file"],
  model_not_found: [404, "No such model"],
  prediction_not_found: [404, "No such prediction"],
  dead_letter_not_found: [404, "No such dead letter"],
  redrive_not_found: [404, "No such redrive"],
  webhook_not_found: [404, "No such webhook endpoint"],
  delivery_not_found: [404, "No such delivery"],
  upload_not_found: [404, "No such upload"],
  source_not_found: [404, "No such source object"],
  key_not_found: [404, "No such key"],
  invalid_idempotency_key: [400, "The Idempotency-Key is not valid"],
  idempotency_in_flight: [409, "A request with this Idempotency-Key is being answered"],
  idempotency_mismatch: [422, "This Idempotency-Key belongs to another request"],
  idempotency_unsupported: [400, "This operation does not take an Idempotency-Key"],
  retention_not_found: [404, "No such retention"],
  version_not_found: [404, "No such version"],
  transcript_changed: [412, "The transcript has changed"],
  precondition_required: [428, "The header If-Match is required"],
  job_deleted: [410, "The job has been deleted"],
  job_finished: [409, "The job has already ended"],
  job_unfinished: [409, "The job has not ended"],
  job_failed: [409, "The job has failed"],
  job_cancelled: [409, "The job was cancelled"],
  job_without_text: [409, "The job has no text"],
  not_redrivable: [409, "The dead letter cannot be redriven"],
  not_discardable: [409, "The dead letter cannot be discarded"],
  nothing_to_redrive: [409, "No dead letter can be redriven"],
  too_many_webhooks: [409, "There are too many webhook endpoints"],
  not_replayable: [409, "The delivery cannot be replayed"],
  redrive_finished: [409, "The redrive has already ended"],
  already_set_up: [409, "An admin key has already been created"],
  last_admin_key: [409, "The last admin key cannot be revoked"],
  upload_unfinished: [409, "The upload is not complete yet"],
  upload_finished: [409, "The upload is already complete"],
  upload_replaced: [409, "The upload is already a job with other bytes"],
  length_required: [411, "The upload's length is required"],
  address_too_long: [414, "The address is too long"],
  body_too_large: [413, "The body is too large"],
  upload_too_large: [413, "The upload is too large"],
  upload_incomplete: [400, "The upload ended early"],
  unsupported_media: [415, "No kind of job takes this file"],
  range_not_satisfiable: [416, "The range is outside the content"],
  unreadable_recording: [422, "The recording cannot be read"],
  model_refused: [422, "The model refused the request"],
  budget_used: [429, "The budget of neurons is used up"],
  rate_limited: [429, "Too many requests"],
  daily_allocation_used: [429, "The day's neurons are used up"],
  too_many_jobs: [429, "Too many unfinished jobs"],
  too_many_streams: [429, "Too many open event streams"],
  upload_allowance_used: [429, "The day's bytes are used up"],
  internal_error: [500, "Something failed on our side"],
  presign_unavailable: [501, "Presigned uploads are not set up"],
  unavailable: [503, "The service is not ready"],
  local_secrets: [503, "The service answers only on localhost"],
  model_unavailable: [503, "The model does not answer"],
} as const satisfies Record<string, readonly [ContentfulStatusCode, string]>;

export type ProblemCode = keyof typeof PROBLEMS;

export const PROBLEM_STATUS: Readonly<Record<ProblemCode, number>> = Object.fromEntries(
  Object.entries(PROBLEMS).map(([code, [status]]) => [code, status]),
) as Record<ProblemCode, number>;

/** The body of every error (RFC 9457). */
export const ProblemBody = z
  .object({
    type: z.string().describe("urn:darkroom:problem:<code>"),
    title: z.string(),
    status: z.int(),
    detail: z.string(),
    code: z.string(),
    issues: z.array(z.object({ path: z.string(), message: z.string() })).optional(),
    etag: z.string().optional().describe("the ETag of the current version, for `transcript_changed`"),
  })
  .meta({ id: "Problem" });
export type ProblemBody = z.infer<typeof ProblemBody>;

export interface Problem {
  readonly code: ProblemCode;
  /** A sentence about this occurrence. */
  readonly detail: string;
  /** For `invalid_request`: what is wrong in which field. */
  readonly issues?: readonly { readonly path: string; readonly message: string }[];
  /** For `transcript_changed`: the ETag of the current version, with its quotes. */
  readonly etag?: string;
  /** How long to wait before the next try. */
  readonly retryAfterSeconds?: number;
  /** For `insufficient_scope`: the scopes that the key does not have. */
  readonly missingScopes?: readonly Scope[];
}

/**
 * Answer with a problem (RFC 9457). Its `type` and the shorter `code` are stable: programs may compare them. `x-should-retry: false`
 * keeps OpenAI's SDKs and our client from repeating a request that has been paid for.
 */
export function problem(c: Context, occurrence: Problem, headers: Record<string, string> = {}): Response {
  const [status] = PROBLEMS[occurrence.code];
  const { retryAfterSeconds, missingScopes } = occurrence;
  return c.body(JSON.stringify(problemBody(occurrence)), status, {
    ...headers,
    ...(retryAfterSeconds !== undefined && { "retry-after": String(retryAfterSeconds) }),
    ...(missingScopes !== undefined && {
      "www-authenticate": `Bearer realm="darkroom", error="insufficient_scope", scope="${missingScopes.join(" ")}"`,
    }),
    ...(c.get("hasPaid") === true && { "x-should-retry": "false" }),
    "content-type": "application/problem+json",
  });
}

export function problemBody({ code, detail, issues, etag }: Problem): ProblemBody {
  const [status, title] = PROBLEMS[code];
  const type = `urn:darkroom:problem:${code}`;
  return {
    type,
    title,
    status,
    detail,
    code,
    ...(issues && { issues: issues.map((issue) => ({ ...issue })) }),
    ...(etag !== undefined && { etag }),
  };
}
