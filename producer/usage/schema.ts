import * as z from "zod";

import { JOB_KINDS } from "../../shared/kinds/index.ts";
import { OPERATION_PRICES } from "./prices.ts";
import { MaybeTime, Time } from "../http/time.ts";

const MicroUsd = z.number().describe("millionths of a US dollar, at the list price beyond the free neurons");
const Units = z
  .record(z.string(), z.number())
  .describe("what is consumed, by unit: audioSeconds, pictures, tiles, steps, inputTokens, ...");

/** What a job is expected to cost, before it runs. */
export const Estimate = z
  .object({
    neurons: z.number(),
    microUsd: MicroUsd,
    calls: z.int().describe("the number of calls to models, if each succeeds the first time"),
    isRough: z
      .boolean()
      .describe("whether a quantity is guessed from a size, such as tokens or the length of a long file"),
    lines: z.array(
      z.object({ task: z.string(), model: z.string(), calls: z.int(), units: Units, neurons: z.number() }),
    ),
  })
  .meta({ id: "Estimate" });
export type Estimate = z.infer<typeof Estimate>;

/** The day's free neurons. They belong to the account. Only the operator learns what other owners have used of them. */
export const Free = z
  .object({
    neurons: z.number(),
    used: z.number().describe("how many were used today: by every owner for the operator, otherwise by you"),
    left: z.number().nullable().describe("how many are left; null unless you are the operator"),
    resetsAt: Time,
  })
  .meta({ id: "FreeNeurons" });
export type Free = z.infer<typeof Free>;

export const JobDryRun = z
  .object({ estimate: Estimate.nullable().describe("null if not even a guess is possible"), free: Free })
  .meta({ id: "JobDryRun" });
export type JobDryRun = z.infer<typeof JobDryRun>;

const Spent = z.object({
  calls: z.int(),
  neurons: z.number(),
  estimatedNeurons: z.number().describe("how many of them come from the catalogue, because the platform reported none"),
  microUsd: MicroUsd,
});

export const UsageAnswer = z
  .object({
    scope: z.enum(["all", "owner"]).describe("`all`: the usage of every owner; `owner`: that of one"),
    from: z.string().meta({ format: "date" }),
    to: z.string().meta({ format: "date" }),
    rows: z.array(
      Spent.extend({
        day: z.string().meta({ format: "date" }).optional(),
        model: z.string().optional(),
        kind: z.enum([...JOB_KINDS, "ask", "search", "generate", "embed"]).optional(),
        owner: z.string().optional(),
      }),
    ),
    total: Spent.extend({
      billedMicroUsd: z
        .number()
        .nullable()
        .describe(
          "the cost beyond each day's free neurons; null for one owner, because the free neurons belong to the account",
        ),
    }),
    free: Free,
  })
  .meta({ id: "Usage" });
export type UsageAnswer = z.infer<typeof UsageAnswer>;

const OperationName = z.enum(Object.keys(OPERATION_PRICES) as (keyof typeof OPERATION_PRICES)[]);

/** What a job has cost so far, item by item. */
export const Receipt = z
  .object({
    jobId: z.string(),
    kind: z.enum(JOB_KINDS),
    state: z.string(),
    finishedAt: MaybeTime,
    attempts: z.array(
      z.object({
        taskId: z.string(),
        task: z.string().describe("the kind of the task"),
        number: z.int(),
        outcome: z.string(),
        finishedAt: Time,
        neurons: z.number(),
        microUsd: MicroUsd,
        calls: z.array(
          z.object({
            model: z.string(),
            engine: z.string().nullable(),
            units: Units,
            neurons: z.number(),
            isEstimated: z.boolean(),
            recalledFrom: z.int().optional().describe("the earlier attempt that paid for the result"),
            microUsd: MicroUsd,
          }),
        ),
      }),
    ),
    reused: z
      .object({ jobId: z.string(), savedNeurons: z.number().nullable(), savedMicroUsd: z.number().nullable() })
      .nullable()
      .describe("the job whose result was reused, and what that saved"),
    operations: z.array(
      z.object({
        operation: OperationName,
        quantity: z.number(),
        basis: z
          .enum(["counted", "reckoned"])
          .describe("`counted`: each was seen; `reckoned`: their usual number is assumed"),
        of: z.string().describe("the purpose of the operations"),
        usdPerMillion: z.number(),
        source: z.string().describe("the source of the price"),
        asOf: z.string(),
        microUsd: z.number(),
      }),
    ),
    total: z.object({
      neurons: z.number(),
      estimatedNeurons: z.number(),
      modelMicroUsd: MicroUsd,
      operationsMicroUsd: z.number(),
      microUsd: z.number(),
    }),
  })
  .meta({ id: "Receipt" });
export type Receipt = z.infer<typeof Receipt>;
