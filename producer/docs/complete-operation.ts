// What every operation has besides its own description: the problems of the middleware before it, and the example of its body.
import * as z from "zod";

import { REQUEST_EXAMPLE } from "../http/describe.ts";
import type { ProblemCode } from "../http/problem.ts";
import type { DescribeErrors } from "./dialects.ts";
import type { Document } from "./schema.ts";

type Operations = Document["paths"][string];

/** The problems of the middleware before every route. `/healthz` never answers `local_secrets`. */
const EVERYWHERE = [
  "internal_error",
  "local_secrets",
  "address_too_long",
  "invalid_request",
] as const satisfies ProblemCode[];

/** The problems of the middleware before every route that requires a key. */
const BEHIND_A_KEY = [
  ...EVERYWHERE,
  "unauthorized",
  "access_refused",
  "insufficient_scope",
  "not_a_member",
  "cross_site",
  "rate_limited",
  "unavailable",
] as const satisfies ProblemCode[];

/** Add these to the operations of a path, so that a route's own description cannot miss them. */
export function completed(path: string, operations: Operations, describeErrors: DescribeErrors): Operations {
  const isPublic = isOpen(path);
  const everyOnes: readonly ProblemCode[] = !isPublic
    ? BEHIND_A_KEY
    : EVERYWHERE.filter((code) => path !== "/healthz" || code !== "local_secrets");
  const done: Operations = {};
  for (const [method, operation] of Object.entries(operations ?? {})) {
    if (typeof operation !== "object" || !("responses" in operation)) continue;
    const described: typeof operation & { readonly [REQUEST_EXAMPLE]?: unknown } = operation;
    const { [REQUEST_EXAMPLE]: example, requestBody, responses, ...rest } = described;
    const codes = new Set([...codesOf(responses), ...everyOnes]);
    const successes = Object.entries(responses).filter(([status]) => Number(status) < 400);
    Object.assign(done, {
      [method]: {
        ...rest,
        ...(requestBody && { requestBody: withExample(requestBody, example) }),
        responses: { ...Object.fromEntries(successes), ...describeErrors([...codes]) },
        ...(isPublic && { security: [] }),
      },
    });
  }
  return done;
}

/** Whether the path needs no key. A signed link has its permission in its address. */
function isOpen(path: string): boolean {
  return !/^\/(openai\/|replicate\/)?v1\//.test(path);
}

/** Put the example of a body where a reader of the document looks for it. */
function withExample(body: object, example: unknown): object {
  if (example === undefined || !("content" in body)) return body;
  const filled = Object.entries(body.content ?? {}).map(([media, shown]: [string, object]) => [
    media,
    { ...shown, example },
  ]);
  return { ...body, content: Object.fromEntries(filled) as object };
}

/** The codes in a route's own description. The route and the middleware before it may answer with the same status. */
function codesOf(responses: object): readonly ProblemCode[] {
  return Object.values(responses).flatMap((response: { content?: Record<string, { schema?: unknown }> }) => {
    const found = ProblemSchema.safeParse(response.content?.["application/problem+json"]?.schema);
    return found.success ? found.data.allOf[1].properties.code.enum : [];
  });
}

/** The schema that `problemResponses` makes. */
const ProblemSchema = z.object({
  allOf: z.tuple([
    z.unknown(),
    z.object({ properties: z.object({ code: z.object({ enum: z.array(z.custom<ProblemCode>()) }) }) }),
  ]),
});
