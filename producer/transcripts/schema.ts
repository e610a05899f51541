import * as z from "zod";

import { Time } from "../http/time.ts";

/** A version of a transcript, as its history lists it. */
export const TranscriptVersion = z
  .object({
    version: z.int().describe("0 is the original"),
    etag: z.string().describe("the tag for `If-Match`, with its quotes"),
    createdAt: Time,
    keyId: z
      .string()
      .nullable()
      .describe("the id of the API key that made it, or the address of a person; null for the original"),
    operations: z.int(),
    revertedTo: z.int().nullable().describe("for a revert: the version that it restored; null for an edit"),
  })
  .meta({ id: "TranscriptVersion" });
export type TranscriptVersion = z.infer<typeof TranscriptVersion>;

export const TranscriptHistory = z
  .object({ versions: z.array(TranscriptVersion).describe("the versions, latest first and the original last") })
  .meta({ id: "TranscriptHistory" });
export type TranscriptHistory = z.infer<typeof TranscriptHistory>;
