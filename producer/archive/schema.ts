import * as z from "zod";

import { ExportedJob } from "../../shared/archive/exported.ts";

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
