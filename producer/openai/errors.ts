import type { Context } from "hono";
import { createMiddleware } from "hono/factory";
import type { ContentfulStatusCode } from "hono/utils/http-status";

import type { App } from "../http/app.ts";
import { type Problem, PROBLEMS } from "../http/problem.ts";
import { isProblem, readProblem, type FoundProblem } from "../http/problem-body.ts";

/** An error of OpenAI's API: `{ error: { message, type, param, code } }`. */
export interface OpenAiError {
  readonly status: ContentfulStatusCode;
  readonly message: string;
  readonly type: "invalid_request_error" | "rate_limit_error" | "permission_error" | "server_error";
  readonly param?: string | null;
  readonly code?: string | null;
}

export function openAiError(c: Context, error: OpenAiError, headers: Record<string, string> = {}): Response {
  return c.json(errorBody(error), error.status, headers);
}

/** The body of an error, which a stream that has begun sends as an event. */
export function errorBody({ message, type, param = null, code = null }: OpenAiError) {
  return { error: { message, type, param, code } };
}

/** A problem in OpenAI's format, for a place where it is not the answer itself. */
export function toOpenAi({ code, detail, issues = [] }: Problem): OpenAiError {
  const [status, title] = PROBLEMS[code];
  return fromProblem({ status, code, title, detail, issues });
}

/** Translate every problem, from a missing key to a bug, into OpenAI's format. */
export const speakOpenAi = createMiddleware<App>(async (c, next) => {
  await next();
  if (!isProblem(c.res)) return;
  const { headers, problem } = await readProblem(c.res);
  c.res = undefined;
  c.res = openAiError(c, fromProblem(problem), headers);
});

/** The names of our options in OpenAI's API. */
const PARAMS: Readonly<Record<string, string>> = {
  tier: "model",
  initialPrompt: "prompt",
  width: "size",
  height: "size",
};

/** The error that OpenAI's API would answer. */
export function fromProblem({ code, status, detail, issues }: FoundProblem): OpenAiError {
  if (code === "unauthorized") {
    return { status: 401, message: `Incorrect API key provided. ${detail}`, type: INVALID, code: "invalid_api_key" };
  }
  if (code === "invalid_request") {
    const [, unknown] = /^Unrecognized keys?: "([^"]+)"/.exec(issues[0]?.message ?? "") ?? [];
    if (unknown !== undefined) {
      const message = `Unknown parameter: '${unknown}'. docs/dialects.md lists what is supported.`;
      return { status: 400, message, type: INVALID, param: unknown, code: "unknown_parameter" };
    }
    const path = (issues[0]?.path ?? "").replace(/^options\./, "");
    const param = path === "" ? null : (PARAMS[path] ?? path);
    const message = param === null ? detail : `Invalid '${param}': ${issues[0]?.message ?? detail}`;
    return { status: 400, message, type: INVALID, param, code: "invalid_value" };
  }
  if (code === "unsupported_media") return { status: 400, message: detail, type: INVALID, param: "file", code };
  if (code === "not_found")
    return { status: 404, message: `Invalid URL: ${detail}`, type: INVALID, code: "unknown_url" };
  if (code === "model_not_found") return { status: 404, message: detail, type: INVALID, param: "model", code };
  if (status === 429) return { status, message: detail, type: "rate_limit_error", code: "rate_limit_exceeded" };
  if (status === 403) return { status, message: detail, type: "permission_error", code };
  return { status, message: detail, type: status >= 500 ? "server_error" : INVALID, code };
}

const INVALID = "invalid_request_error";
