import * as z from "zod";

import { ProblemBody } from "../http/problem.ts";
import { Estimate, Free } from "../usage/schema.ts";
import { AcceptedJob, JobSummary } from "./schema.ts";

/** What each job of a batch would cost, or the problem that it would get. */
export const BatchDryRun = z
  .object({
    results: z.array(
      z.union([
        z.object({ index: z.int(), status: z.int(), estimate: Estimate.nullable() }),
        z.object({ index: z.int(), status: z.int(), problem: ProblemBody }),
      ]),
    ),
    free: Free,
  })
  .meta({ id: "BatchDryRun" });
export type BatchDryRun = z.infer<typeof BatchDryRun>;

/** The answer to a batch for a key that may not read. */
export const AcceptedBatch = z
  .object({
    results: z.array(
      z.union([
        z.object({ index: z.int(), status: z.int(), job: AcceptedJob }),
        z.object({ index: z.int(), status: z.int(), problem: ProblemBody }),
      ]),
    ),
  })
  .meta({ id: "AcceptedBatch" });

/** The answer to a batch: each job, or the problem that it would get if it were submitted alone. */
export const BatchAnswer = z
  .object({
    results: z.array(
      z.union([
        z.object({ index: z.int(), status: z.int(), job: JobSummary }),
        z.object({ index: z.int(), status: z.int(), problem: ProblemBody }),
      ]),
    ),
  })
  .meta({ id: "BatchAnswer" });
