import * as z from "zod";

import { ExportedJob } from "../../shared/archive/exported.ts";

/** Each has some results, for each of which the bucket is asked. */
const MAX_LINES = 50;

/** The body of `POST /v1/archive`. Each line is checked on its own, so that one that does not fit does not refuse the others. */
export const ImportRequest = z.strictObject({
  jobs: z
    .array(z.unknown())
    .min(1)
    .max(MAX_LINES)
    .meta({ items: { $ref: "#/components/schemas/ExportedJob" } }),
});

/** A page of jobs as lines. */
export const ExportPage = z
  .object({ jobs: z.array(ExportedJob), nextCursor: z.string().nullable() })
  .meta({ id: "ExportPage" });

/** The result of each line, in the order of the request. */
export const ImportAnswer = z
  .object({
    results: z.array(
      z.object({
        job: z.string().nullable().describe("null if the line has no id"),
        outcome: z
          .enum(["imported", "known", "refused"])
          .describe("`known` if there is a job with this id, which stays as it is"),
        reason: z.string().optional().describe("why it was refused"),
      }),
    ),
  })
  .meta({ id: "ImportAnswer" });
export type ImportAnswer = z.infer<typeof ImportAnswer>;
