import type { Hono } from "hono";
import { generateSpecs, resolver } from "hono-openapi";
import * as z from "zod";

import { ASSERTION_HEADER } from "../access/verify-assertion.ts";
import type { App } from "../http/app.ts";
import { problemResponses } from "../http/describe.ts";
import { ProblemBody, type ProblemCode } from "../http/problem.ts";

export type Document = Awaited<ReturnType<typeof generateSpecs>>;

const INFO = {
  title: "Darkroom",
  version: "1",
  description:
    "A media job pipeline: transcription, image generation and classification. Times are in ISO 8601, sizes in bytes, " +
    "durations in milliseconds. Every error is a problem (RFC 9457) whose `code` is listed with its status.",
};

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

let made: Promise<Document> | null = null;

/** Make the document of all routes from their descriptions and from the schemas that validate. It is made once an isolate. */
export function documentOf(app: Hono<App>): Promise<Document> {
  made ??= makeDocument(app);
  return made;
}

async function makeDocument(app: Hono<App>): Promise<Document> {
  const { components: named } = await resolver(ProblemBody).toOpenAPISchema();
  const document = await generateSpecs(app, {
    documentation: {
      info: INFO,
      components: {
        ...named,
        securitySchemes: {
          key: { type: "http", scheme: "bearer", description: "dk_<id>_<secret>" },
          access: {
            type: "apiKey",
            in: "header",
            name: ASSERTION_HEADER,
            description:
              "The assertion of Cloudflare Access, which adds it to each request that it lets through; where the operator has switched that on.",
          },
        },
      },
      security: [{ key: [] }, { access: [] }],
    },
    excludeStaticFile: false,
    defaultValidationErrorResponse: false,
  });
  // These problems are added here, so that a route's own description cannot miss them.
  for (const [path, operations] of Object.entries(document.paths)) {
    const isPublic = !path.startsWith("/v1/");
    const everyOnes: readonly ProblemCode[] = !isPublic
      ? BEHIND_A_KEY
      : EVERYWHERE.filter((code) => path !== "/healthz" || code !== "local_secrets");
    for (const operation of Object.values(operations)) {
      if (typeof operation !== "object" || !("responses" in operation)) continue;
      const codes = [...codesOf(operation.responses ?? {}), ...everyOnes];
      operation.responses = { ...operation.responses, ...problemResponses([...new Set(codes)]) };
      if (isPublic) operation.security = [];
    }
  }
  return document;
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
