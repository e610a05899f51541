import * as z from "zod";

import { AuditEntry } from "../audit/schema.ts";
import { LETTER_STATES } from "../../shared/redrives/redrive.ts";
import { Attempt } from "../jobs/schema.ts";
import { MaybeTime, NextCursor, Time } from "../http/time.ts";

/** Dead letters with the same fingerprint. */
export const LetterGroup = z
  .object({
    fingerprint: z.string(),
    kind: z.string(),
    code: z.string(),
    message: z.string(),
    count: z.int(),
    isAtLeast: z.boolean().describe("whether there are more letters than `count`"),
    firstSeenAt: Time,
    lastSeenAt: Time,
    sample: z.object({
      id: z.string(),
      jobId: z.string().nullable(),
      taskId: z.string().nullable(),
      reason: z.string(),
      url: z.string(),
    }),
  })
  .meta({ id: "DeadLetterGroup" });
export type LetterGroup = z.infer<typeof LetterGroup>;

/** A dead letter with every attempt of its task. */
export const DeadLetter = z
  .object({
    id: z.string(),
    fingerprint: z.string(),
    kind: z.string(),
    queue: z.string(),
    taskId: z.string().nullable(),
    jobId: z.string().nullable(),
    body: z.string().nullable(),
    code: z.string(),
    reason: z.string(),
    state: z.enum(LETTER_STATES),
    note: z.string().nullable(),
    redriveId: z.string().nullable(),
    createdAt: Time,
    redrivenAt: MaybeTime,
    discardedAt: MaybeTime,
    attempts: z.array(Attempt),
    url: z.string(),
  })
  .meta({ id: "DeadLetter" });
export type DeadLetter = z.infer<typeof DeadLetter>;

export const DeadLetterDetail = DeadLetter.extend({
  options: z.unknown(),
  taskState: z.string().nullable(),
  jobState: z.string().nullable(),
  audit: z.array(AuditEntry),
}).meta({ id: "DeadLetterDetail" });
export type DeadLetterDetail = z.infer<typeof DeadLetterDetail>;

export const DeadLetterPage = z.union([
  z.object({ groups: z.array(LetterGroup), nextCursor: NextCursor }),
  z.object({ deadLetters: z.array(DeadLetter), nextCursor: NextCursor }),
]);

export const Redriven = z.object({ id: z.string(), jobId: z.string().nullable(), redriven: z.literal(true) });
export const Discarded = z.object({ id: z.string(), jobId: z.string().nullable(), discarded: z.literal(true) });
