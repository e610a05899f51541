import * as z from "zod";

import { RedriveFilter, RedriveLimit, RedriveRate, REDRIVE_STATES } from "../../shared/redrives/redrive.ts";
import { MaybeTime, NextCursor, Time } from "../http/time.ts";

/** The body of `POST /v1/redrives`. */
export const RedriveRequest = z.strictObject({
  filter: RedriveFilter,
  limit: RedriveLimit,
  ratePerSecond: RedriveRate,
  dryRun: z.boolean().default(false),
  canary: z.boolean().default(false),
});

export const Redrive = z
  .object({
    id: z.string(),
    state: z.enum(REDRIVE_STATES),
    reason: z.string().nullable(),
    filter: RedriveFilter,
    limit: z.int(),
    ratePerSecond: z.int(),
    canary: z.string().nullable(),
    progress: z.object({
      matched: z.int(),
      pending: z.int(),
      redriven: z.int(),
      skipped: z.int(),
      released: z.int(),
      running: z.int(),
      completed: z.int(),
      failed: z.int(),
      cancelled: z.int(),
    }),
    createdAt: Time,
    finishedAt: MaybeTime,
    url: z.string(),
  })
  .meta({ id: "Redrive" });
export type Redrive = z.infer<typeof Redrive>;

export const RedrivePage = z.object({ redrives: z.array(Redrive), nextCursor: NextCursor });

/** What a redrive would do, for a dry run. */
export const DryRun = z
  .object({
    dryRun: z.literal(true),
    matched: z.int(),
    overLimit: z.int(),
    heldByOthers: z.int(),
    lastsSeconds: z.int(),
    estimate: z
      .object({
        neurons: z.number(),
        microUsd: z.number().describe("millionths of a US dollar, at the list price beyond the free neurons"),
        unknown: z
          .int()
          .describe(
            "how many of the tasks have an unknown cost, such as that of a recording that has not been read yet",
          ),
      })
      .describe(
        "what the matching tasks, up to the limit, are expected to consume if each call succeeds the first time",
      ),
    sample: z.array(
      z.object({
        id: z.string(),
        fingerprint: z.string(),
        jobId: z.string().nullable(),
        taskId: z.string().nullable(),
        reason: z.string(),
        createdAt: Time,
        url: z.string(),
      }),
    ),
  })
  .meta({ id: "RedriveDryRun" });
export type DryRun = z.infer<typeof DryRun>;
