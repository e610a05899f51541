import * as z from "zod";

import { boundedText } from "../input/bounded-text.ts";
import { TASK_FORMATS } from "../jobs/formats.ts";
import { MAX_ID_CHARS } from "../limits.ts";

/** `open`: neither redriven nor discarded. A letter that was discarded and then redriven with an earlier stage is `redriven`. */
export const LETTER_STATES = ["open", "redriven", "discarded"] as const;
export type LetterState = (typeof LETTER_STATES)[number];

export const REDRIVE_STATES = ["canary", "running", "completed", "cancelled", "stopped"] as const;
export type RedriveState = (typeof REDRIVE_STATES)[number];

/** What a dead letter can be for: a task's kind, or an unreadable message. */
const LETTER_KINDS: readonly string[] = [...TASK_FORMATS.keys(), "message"];

const Time = z.iso.datetime({ offset: true });

/** Which open dead letters to redrive: those that match every field. All of them only if `all` is set. */
export const RedriveFilter = z
  .strictObject({
    fingerprint: boundedText({
      max: 200,
      pattern: [
        /^[A-Za-z0-9_-]{1,50}:[A-Za-z0-9_]{1,100}:[0-9a-f]{8}$/,
        "not a fingerprint: GET /v1/dead-letters lists them",
      ],
    }).optional(),
    code: boundedText({ max: 100, pattern: [/^[A-Za-z0-9_]{1,100}$/, "not a code such as 'model_failed'"] }).optional(),
    kind: z.enum(LETTER_KINDS).optional(),
    jobId: boundedText({ max: MAX_ID_CHARS, min: 1 }).optional(),
    createdAfter: Time.optional(),
    createdBefore: Time.optional(),
    all: z.literal(true).optional(),
  })
  .superRefine(({ all, ...fields }, context) => {
    const given = Object.keys(fields).filter((name) => fields[name as keyof typeof fields] !== undefined);
    if (all === undefined && given.length === 0) {
      context.addIssue({
        code: "custom",
        message: 'an empty filter would redrive everything; if you want that, send {"all": true}',
      });
    }
    if (all === true && given.length > 0) {
      context.addIssue({ code: "custom", path: ["all"], message: `'all' cannot be combined with ${given.join(", ")}` });
    }
    const { createdAfter, createdBefore } = fields;
    if (createdAfter !== undefined && createdBefore !== undefined) {
      if (Date.parse(createdAfter) < Date.parse(createdBefore)) return;
      context.addIssue({ code: "custom", path: ["createdBefore"], message: "must be later than 'createdAfter'" });
    }
  });
export type RedriveFilter = z.infer<typeof RedriveFilter>;

/** The most letters to redrive, and how many to redrive a second. */
export const RedriveLimit = z.int().min(1).max(10_000).default(1000);
export const RedriveRate = z.int().min(1).max(100).default(10);
