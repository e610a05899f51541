import * as z from "zod";

import { RedriveFilter, RedriveLimit, RedriveRate } from "../../shared/redrives/redrive.ts";

/** The body of `POST /v1/redrives`. */
export const RedriveRequest = z.strictObject({
  filter: RedriveFilter,
  limit: RedriveLimit,
  ratePerSecond: RedriveRate,
  dryRun: z.boolean().default(false),
  canary: z.boolean().default(false),
});
