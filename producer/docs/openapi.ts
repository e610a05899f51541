import type { Hono } from "hono";
import { generateSpecs, resolver } from "hono-openapi";

import { ASSERTION_HEADER } from "../access/verify-assertion.ts";
import type { App } from "../http/app.ts";
import { ProblemBody } from "../http/problem.ts";
import { completed } from "./complete-operation.ts";
import { errorComponents, type PartName, PARTS } from "./dialects.ts";
import type { Document } from "./schema.ts";
import { pruned } from "./prune-components.ts";

const SECURITY_SCHEMES = {
  key: { type: "http", scheme: "bearer", description: "dk_<id>_<secret>" },
  access: {
    type: "apiKey",
    in: "header",
    name: ASSERTION_HEADER,
    description:
      "The assertion of Cloudflare Access, which adds it to each request that it lets through; where the operator has switched that on.",
  },
} as const;

let made: Promise<Document> | null = null;
const parts = new Map<PartName, Document>();

/**
 * Make the document of Darkroom's own routes, or that of a dialect, from the descriptions of the routes and from the schemas that
 * validate. It is made once an isolate.
 */
export async function documentOf(app: Hono<App>, name: PartName = "darkroom"): Promise<Document> {
  made ??= describeAll(app);
  const known = parts.get(name);
  if (known !== undefined) return known;
  const document = partOf(await made, PARTS[name]);
  parts.set(name, document);
  return document;
}

async function describeAll(app: Hono<App>): Promise<Document> {
  const { components } = await resolver(ProblemBody).toOpenAPISchema();
  return generateSpecs(app, {
    documentation: {
      components: {
        schemas: { ...components?.schemas, ...(await errorComponents()) },
        securitySchemes: SECURITY_SCHEMES,
      },
    },
    excludeStaticFile: false,
    defaultValidationErrorResponse: false,
  });
}

/** The operations of one document, with the components that they use. */
function partOf(
  all: Document,
  { title, description: about, tags, holds, describeErrors }: (typeof PARTS)[PartName],
): Document {
  const paths = Object.fromEntries(
    Object.entries(all.paths)
      .filter(([path]) => holds(path))
      .map(([path, operations]) => [path, completed(path, operations, describeErrors)]),
  );
  const used = new Set(Object.values(paths).flatMap((operations) => Object.values(operations).flatMap(tagsOf)));
  return pruned({
    ...all,
    info: {
      title,
      description: about,
      version: "1",
      license: { name: "MIT", identifier: "MIT" },
      contact: { name: "The operator of this deployment" },
    },
    servers: [{ url: "/", description: "the deployment that serves this document" }],
    tags: Object.entries(tags).flatMap(([name, description]) => (used.has(name) ? [{ name, description }] : [])),
    security: [{ key: [] }, { access: [] }],
    paths,
    components: all.components ?? {},
  });
}

function tagsOf(operation: unknown): readonly string[] {
  return typeof operation === "object" && operation !== null && "tags" in operation ? (operation.tags as string[]) : [];
}
