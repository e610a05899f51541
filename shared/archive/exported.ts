// The line of a job that moves from one deployment to another: the line of an archived job, with what its row says and what finds it.
import * as z from "zod";

import { FORMAT } from "./line.ts";
import { JOB_KINDS } from "../kinds/index.ts";

const Text = z.string().nullable();
const Whole = z.int().nullable();

/** The columns of a row whose meaning only the database knows: it refuses those that do not fit. */
const Columns = z.record(z.string(), z.union([z.string(), z.number(), z.null()]));

export const ExportedJob = z
  .strictObject({
    format: z.literal(FORMAT),
    job: z.string().regex(/^[A-Za-z0-9_.-]{1,100}$/, "an id has letters, digits, '_', '.' and '-'"),
    row: z.strictObject({
      owner_id: z.string().min(1),
      kind: z.enum(JOB_KINDS),
      state: z.enum(["completed", "failed", "cancelled"]),
      error_code: Text,
      error_message: Text,
      created_at: z.int(),
      started_at: Whole,
      finalized_at: z.int(),
      priority: z.int(),
      start_by: Whole,
      deadline_at: Whole,
      max_neurons: z.number().nullable(),
      fingerprint: Text,
      reused_from: Text,
      saved_neurons: z.number().nullable(),
      tags: Text,
      metadata: Text,
    }),
    upload: z
      .strictObject({ bucket: z.string(), key: z.string(), etag: z.string(), size_bytes: z.int() })
      .nullable()
      .describe("the object of the inbox that became this job"),
    labels: z.array(z.strictObject({ label: z.string(), score: z.number() })),
    versions: z.array(Columns).describe("versions of the transcript that people stored"),
    passages: z.array(Columns).describe("the words that search finds"),
    contents: z.strictObject({
      input: z.string(),
      choice: Text,
      estimate: Text,
      tasks: z.array(Columns),
      attempts: z.array(Columns),
      artifacts: z.array(
        z.strictObject({
          name: z.string(),
          key: z.string(),
          content_type: z.string(),
          size_bytes: z.int(),
          etag: z.string(),
        }),
      ),
    }),
    chunks: z.array(Columns).describe("the parts of a long recording that were transcribed"),
  })
  .meta({ id: "ExportedJob" });
export type ExportedJob = z.infer<typeof ExportedJob>;
