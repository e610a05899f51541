import type { ContentfulStatusCode } from "hono/utils/http-status";

/** A problem that a route answered. A dialect translates it into its own format. */
export interface FoundProblem {
  readonly status: ContentfulStatusCode;
  readonly code: string;
  readonly title: string;
  readonly detail: string;
  readonly issues: readonly { readonly path: string; readonly message: string }[];
}

export function isProblem(response: Response): boolean {
  return response.headers.get("content-type")?.startsWith("application/problem+json") === true;
}

/** Read the problem, and the headers that its translation keeps: all except those that describe the body. */
export async function readProblem(
  response: Response,
): Promise<{ readonly problem: FoundProblem; readonly headers: Record<string, string> }> {
  const body = await response.json<Omit<FoundProblem, "issues"> & Partial<Pick<FoundProblem, "issues">>>();
  const headers = Object.fromEntries(
    [...response.headers].filter(([name]) => name !== "content-type" && name !== "content-length"),
  );
  return { problem: { ...body, issues: body.issues ?? [] }, headers };
}
