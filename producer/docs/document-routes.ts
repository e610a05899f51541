import { Hono } from "hono";

import type { App } from "../http/app.ts";
import { describe } from "../http/describe.ts";
import type { PartName } from "./dialects.ts";
import { documentOf } from "./openapi.ts";
import { DocumentBody } from "./schema.ts";

const DOCUMENTS = [
  {
    path: "/openapi.json",
    part: "darkroom",
    operationId: "readDocument",
    summary: "This document",
    description:
      "Describes this API in OpenAPI 3.1, made from the schemas that check requests. `/openapi/openai.json` and `/openapi/replicate.json` describe the dialects.",
  },
  {
    path: "/openapi/openai.json",
    part: "openai",
    operationId: "readOpenAiDocument",
    summary: "The document of OpenAI's dialect",
    description: "Describes in OpenAPI 3.1 what `/openai/v1` accepts of OpenAI's API.",
  },
  {
    path: "/openapi/replicate.json",
    part: "replicate",
    operationId: "readReplicateDocument",
    summary: "The document of Replicate's dialect",
    description: "Describes in OpenAPI 3.1 what `/replicate/v1` accepts of Replicate's API.",
  },
] as const satisfies readonly { part: PartName; [name: string]: string }[];

const EXAMPLE = { openapi: "3.1.0", info: { title: "Darkroom", version: "1" }, paths: {} };

/** The routes to the documents. @param appOf returns the app with all routes, once it has them. */
export function documents(appOf: () => Hono<App>): Hono<App> {
  const routes = new Hono<App>();
  for (const { path, part, ...about } of DOCUMENTS) {
    const answers = { 200: { description: "OpenAPI 3.1", schema: DocumentBody, example: EXAMPLE } };
    routes.get(path, describe({ ...about, tags: ["service"], answers }), async (c) =>
      c.json(await documentOf(appOf(), part)),
    );
  }
  return routes;
}
