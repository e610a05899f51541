import * as z from "zod";

import { JOB_KINDS } from "../../shared/kinds/index.ts";
import { PASSAGE_SOURCES } from "../../shared/search/passage.ts";

export const SearchHit = z
  .object({
    id: z.string().describe("of the passage"),
    jobId: z.string(),
    kind: z.enum(JOB_KINDS).describe("of the job"),
    title: z.string().describe("of the job: its file's name, or the beginning of its prompt or text"),
    source: z.enum(PASSAGE_SOURCES).describe("what of the job says it"),
    text: z.string(),
    snippet: z.string().describe("the part of it around the words"),
    startMs: z.int().nullable().describe("where a recording says it; null for other sources"),
    endMs: z.int().nullable(),
    score: z.number().describe("comparable within one answer"),
    similarity: z.number().nullable().describe("cosine of the meanings; null where words alone found it"),
    foundBy: z.array(z.enum(["words", "meaning"])),
    url: z.string().describe("the passage: that part of the transcript, else the job"),
    jobUrl: z.string(),
  })
  .meta({ id: "SearchHit" });
export type SearchHit = z.infer<typeof SearchHit>;

/** What was found, best first, and what understanding the query cost. */
export const SearchAnswer = z
  .object({
    hits: z.array(SearchHit),
    model: z.string(),
    engine: z.string().nullable().describe("who understood the query; null where nobody did"),
    neurons: z.number(),
    degraded: z.string().nullable().describe("why words alone were looked for; null where meaning was as well"),
  })
  .meta({ id: "SearchAnswer" });
export type SearchAnswer = z.infer<typeof SearchAnswer>;
