import type * as z from "zod";

type Issue = z.core.$ZodIssue;
type Reason = Pick<Issue, "path" | "message">;

/** The part of an issue that helps a person: why a key is wrong, or what is wrong with the nearest of several shapes. */
export function reasonOf(issue: Issue): Reason {
  if (issue.code === "invalid_key") {
    const [first] = issue.issues;
    return first === undefined ? issue : { path: issue.path, message: `the key ${first.message}` };
  }
  if (issue.code !== "invalid_union") return issue;
  const nearest = issue.errors.find(([first]) => first !== undefined && !isOfAnotherType(first))?.[0];
  if (nearest === undefined) return issue;
  const { path, message } = reasonOf(nearest);
  return { path: [...issue.path, ...path], message };
}

function isOfAnotherType({ code, path }: Issue): boolean {
  return code === "invalid_type" && path.length === 0;
}
