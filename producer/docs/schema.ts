import * as z from "zod";

/** A document of OpenAPI. */
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
