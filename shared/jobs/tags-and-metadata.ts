import * as z from "zod";

import { boundedText, NO_CONTROLS } from "../input/bounded-text.ts";

const MAX_TAGS = 16;
const MAX_PAIRS = 16;
const MAX_VALUE_CHARS = 512;

const PRINTABLE = [NO_CONTROLS, "control characters are not allowed"] as const;

export const Tag = boundedText({ max: 64, min: 1, pattern: PRINTABLE });
export const MetadataKey = boundedText({
  max: 64,
  pattern: [/^[A-Za-z0-9_.-]{1,64}$/, "1 to 64 of A-Z a-z 0-9 _ . -"],
});
export const MetadataValue = boundedText({ max: MAX_VALUE_CHARS, pattern: PRINTABLE });

export const Tags = z.array(Tag).max(MAX_TAGS);
export const Metadata = z
  .record(MetadataKey, MetadataValue)
  .refine((pairs) => Object.keys(pairs).length <= MAX_PAIRS, `at most ${MAX_PAIRS} pairs`)
  .meta({ maxProperties: MAX_PAIRS });

/** What a client notes about a job, to find it by. It is not part of what the job works on. */
export const JobMarks = z.strictObject({ tags: Tags.default([]), metadata: Metadata.default({}) });
export type JobMarks = z.infer<typeof JobMarks>;

export const NO_MARKS: JobMarks = { tags: [], metadata: {} };

/** Return a mark as the index of jobs stores it. */
export function tagMark(tag: string): string {
  return `tag:${tag}`;
}

export function pairMark(key: string, value: string): string {
  return `metadata:${key}=${value}`;
}
