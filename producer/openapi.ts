import type { Hono } from "hono";
import { generateSpecs, resolver } from "hono-openapi";

import type { App } from "./app.ts";
import { problemResponses } from "./describe.ts";
import { ProblemBody } from "./problem.ts";

export type Document = Awaited<ReturnType<typeof generateSpecs>>;

const INFO = {
  title: "Darkroom",
  version: "1",
  description:
    "A media job pipeline: transcription, image generation and classification. Times are ISO 8601, sizes bytes, " +
    "durations milliseconds. Every error is a problem (RFC 9457) whose `code` is listed with its status.",
};

let made: Promise<Document> | null = null;

/** The document of all routes, from their descriptions and from the schemas that validate. Made once an isolate. */
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
        securitySchemes: { key: { type: "http", scheme: "bearer", description: "dk_<id>_<secret>" } },
      },
      security: [{ key: [] }],
    },
    excludeStaticFile: false,
    defaultValidationErrorResponse: false,
  });
  // Whoever describes a route cannot forget what all of them may answer.
  for (const [path, operations] of Object.entries(document.paths)) {
    const isPublic = !path.startsWith("/v1/");
    const problems = problemResponses(isPublic ? ["internal_error"] : ["unauthorized", "internal_error"]);
    for (const operation of Object.values(operations)) {
      if (typeof operation !== "object" || !("responses" in operation)) continue;
      operation.responses = { ...problems, ...operation.responses };
      if (isPublic) operation.security = [];
    }
  }
  return document;
}
