import type { RefusedUpload } from "../../shared/uploads/describe-upload.ts";
import type { Problem } from "../http/problem.ts";
import { impossibleBudget } from "../jobs/asked.ts";

/** Why an upload becomes no job. */
export function refusedUpload(described: RefusedUpload): Problem {
  switch (described.type) {
    case "too_slow":
      return impossibleBudget(described.reason);
    case "refused":
      if (described.field !== undefined) return invalidField(described.field, described.reason);
      return { code: "unsupported_media", detail: described.reason };
  }
}

export function invalidField(path: string, message: string): Problem {
  return { code: "invalid_request", detail: `${path}: ${message}`, issues: [{ path, message }] };
}
