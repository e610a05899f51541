import * as z from "zod";

import { ProblemBody } from "../problem.ts";
import { JobSummary } from "./job.ts";

/** What became of each job of a batch: it, or the problem that it would have been answered with on its own. */
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
