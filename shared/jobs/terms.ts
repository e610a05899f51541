import * as z from "zod";

/** In the order in which an owner's tasks run. */
export const PRIORITIES = ["high", "normal", "low"] as const;

const DAY_SECONDS = 86_400;

const seconds = z
  .int()
  .min(1)
  .max(30 * DAY_SECONDS);

/** Far above what any account spends, and small enough that a sum of millionths stays exact. */
const MAX_NEURONS = 1e9;

/** An amount of neurons that a client or an operator allows; `why` is the message for 0 and less. */
export const neurons = (why: string) => z.number().positive(why).max(MAX_NEURONS);

/** The terms of a job. They are not part of what it works on: two jobs may differ in them and be the same work. */
export const JobTerms = z.strictObject({
  priority: z.enum(PRIORITIES).default("normal"),
  /** Whether the result of an identical job of the same owner may be used. */
  reuse: z.boolean().default(true),
  /** Seconds from the request: the job fails if it has not started, or not ended, by then. */
  startWithinSeconds: seconds.optional(),
  deadlineSeconds: seconds.optional(),
  /** The time of one call to the model: the most accurate model that keeps it in 95 of 100 calls is chosen. */
  latencyBudgetMs: z.int().min(1).max(600_000).optional(),
  /** What all its calls to models may cost together. */
  maxNeurons: neurons("a job that may cost nothing cannot run; leave the field out for no limit").optional(),
});
export type JobTerms = z.infer<typeof JobTerms>;

export const DEFAULT_TERMS: JobTerms = JobTerms.parse({});
