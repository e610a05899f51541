import * as z from "zod";

import { boundedText } from "../../shared/input/bounded-text.ts";
import { JOB_KINDS } from "../../shared/kinds/index.ts";
import { MAX_ID_CHARS } from "../../shared/limits.ts";
import { PASSAGE_SOURCES } from "../../shared/search/passage.ts";

export const MAX_QUERY_CHARS = 1000;
const MAX_HITS = 50;

/** The query of `GET /v1/search`. */
export const SearchQuery = z.strictObject({
  q: boundedText({ max: MAX_QUERY_CHARS, min: 1, trim: true, empty: "the query is empty" }),
  limit: z.coerce.number().int().min(1).max(MAX_HITS).default(10),
  kind: z.enum(JOB_KINDS).optional(),
  jobId: boundedText({ max: MAX_ID_CHARS, min: 1 }).optional(),
});
export type SearchQuery = z.infer<typeof SearchQuery>;

export const SearchHit = z
  .object({
    id: z.string().describe("of the passage"),
    jobId: z.string(),
    kind: z.enum(JOB_KINDS).describe("of the job"),
    title: z.string().describe("of the job: its file's name, or the beginning of its prompt or text"),
    source: z.enum(PASSAGE_SOURCES).describe("the part of the job that the passage is from"),
    text: z.string(),
    snippet: z.string().describe("the part of it around the words"),
    startMs: z.int().nullable().describe("when the passage begins in the recording; null for other sources"),
    endMs: z.int().nullable(),
    score: z.number().describe("comparable within one answer"),
    similarity: z.number().nullable().describe("the cosine similarity of the meanings; null if only words found it"),
    foundBy: z.array(z.enum(["words", "meaning"])),
    url: z.string().describe("the part of the transcript that has the passage; for other sources the job"),
    jobUrl: z.string(),
  })
  .meta({ id: "SearchHit" });
export type SearchHit = z.infer<typeof SearchHit>;

/** What was found, best first, and the cost of embedding the query. */
export const SearchAnswer = z
  .object({
    hits: z.array(SearchHit),
    model: z.string(),
    engine: z.string().nullable().describe("the engine that embedded the query; null if none did"),
    neurons: z.number(),
    degraded: z.string().nullable().describe("why the search used only words; null if it also used meaning"),
  })
  .meta({ id: "SearchAnswer" });
export type SearchAnswer = z.infer<typeof SearchAnswer>;
