import type { Route } from "../../shared/uploads/route-upload.ts";
import type { Problem } from "../http/problem.ts";

/** Why an object becomes no job: what was asked for does not go with it, or no kind of job takes it. */
export function refusedRoute({ reason, field }: Extract<Route, { type: "ignored" }>): Problem {
  if (field === undefined) return { code: "unsupported_media", detail: reason };
  return invalidField(field, reason);
}

export function invalidField(path: string, message: string): Problem {
  return { code: "invalid_request", detail: `${path}: ${message}`, issues: [{ path, message }] };
}
