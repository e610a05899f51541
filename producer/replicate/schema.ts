// The answers of Replicate's dialect, for its document. They hold what clients read; `producer/replicate/` makes them.
import * as z from "zod";

export const Prediction = z
  .looseObject({
    id: z.string(),
    model: z.string(),
    version: z.string(),
    input: z.record(z.string(), z.unknown()),
    output: z.unknown().describe("as the model's page at Replicate says; null until the prediction has succeeded"),
    logs: z.string(),
    error: z.string().nullable(),
    status: z.enum(["starting", "processing", "succeeded", "failed", "canceled"]),
    created_at: z.string().nullable(),
    started_at: z.string().nullable(),
    completed_at: z.string().nullable(),
    metrics: z.object({ predict_time: z.number().optional(), total_time: z.number().optional() }),
    urls: z.looseObject({ get: z.string(), cancel: z.string() }),
  })
  .meta({ id: "Prediction" });

export const Model = z
  .looseObject({
    url: z.string(),
    owner: z.string(),
    name: z.string(),
    description: z.string(),
    visibility: z.string(),
  })
  .meta({ id: "ReplicateModel" });

export const StoredFile = z
  .looseObject({
    id: z.string(),
    content_type: z.string(),
    size: z.int(),
    checksums: z.object({ sha256: z.string() }),
    metadata: z.record(z.string(), z.unknown()),
    created_at: z.string(),
    expires_at: z.string(),
    urls: z.object({ get: z.string() }),
  })
  .meta({ id: "StoredFile" });

/** The form of a file. */
export const FileForm = z.object({
  content: z.file().describe("the file"),
  metadata: z.string().optional().describe("a JSON object of your own"),
});

export const Secret = z.object({ key: z.string() });

export const ModelVersion = z
  .looseObject({ id: z.string(), created_at: z.string(), cog_version: z.string(), openapi_schema: z.looseObject({}) })
  .meta({ id: "ModelVersion" });

export const Account = z.object({
  type: z.string(),
  username: z.string(),
  name: z.string(),
  github_url: z.string().nullable(),
});

/** A page of a list. */
export function pageOf(schema: z.ZodType) {
  return z.object({ previous: z.string().nullable(), next: z.string().nullable(), results: z.array(schema) });
}

/** What a stream reads of the output of a speech model. */
export const SpeechOutput = z.object({ transcription: z.string(), translation: z.string().nullable() });
