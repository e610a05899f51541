import * as z from "zod";

import type { generateSpecs } from "hono-openapi";

/** A document of OpenAPI 3.1, as it is built. */
export type Document = Awaited<ReturnType<typeof generateSpecs>>;

/** A document of OpenAPI, as an answer. */
export const DocumentBody = z.looseObject({ openapi: z.string() });

export const OpenAiErrorBody = z
  .object({
    error: z.object({
      message: z.string(),
      type: z.string(),
      param: z.string().nullable(),
      code: z.string().nullable(),
    }),
  })
  .meta({ id: "OpenAiError" });

export const ReplicateErrorBody = z
  .object({
    title: z.string(),
    detail: z.string(),
    status: z.int(),
    invalid_fields: z
      .array(z.object({ type: z.string(), field: z.string(), description: z.string() }))
      .optional()
      .describe("for a request that is not valid"),
  })
  .meta({ id: "ReplicateError" });
