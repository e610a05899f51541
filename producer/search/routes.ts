import { Hono } from "hono";

import { findListedJobs } from "../../shared/db/jobs/reads.ts";
import { parseOwn } from "../../shared/input/read-json.ts";
import { aiOf } from "../../shared/models/ai-of.ts";
import { intakeOf } from "../../shared/jobs/intake.ts";
import { titleOf } from "../../shared/jobs/job-title.ts";
import type { JobWork } from "../../shared/kinds/index.ts";
import { EMBEDDING_MODEL } from "../../shared/models/models.ts";
import { passageIndexOf } from "../../shared/search/index-of.ts";
import type { Hit } from "../../shared/search/passage.ts";
import type { App } from "../http/app.ts";
import { describe, query } from "../http/describe.ts";
import { searchPassages } from "./search-passages.ts";
import { SearchQuery, SearchAnswer, type SearchHit } from "./schema.ts";
import { FOUND } from "./examples.ts";

export const search = new Hono<App>();

/** Passages of transcripts, prompts, texts and labels, found by words and by meaning. */
search.get(
  "/",
  describe({
    operationId: "search",
    summary: "Find passages by their words and by their meaning, best first",
    description:
      "Finds passages of transcripts, texts and descriptions by meaning and by words. If the model that embeds the query does not answer, the search uses only words, and `degraded` says so.",
    tags: ["results"],
    answers: { 200: { description: "what was found, perhaps nothing", schema: SearchAnswer, example: FOUND } },
    problems: ["invalid_request"],
  }),
  query(SearchQuery),
  async (c) => {
    const deps = { ...intakeOf(c.env), ai: aiOf(c.env), passages: passageIndexOf(c.env) };
    const { hits, ...how } = await searchPassages(c.get("ownerId"), c.req.valid("query"), deps);
    const jobs = await findListedJobs(c.env.DB, { ids: hits.map(({ jobId }) => jobId), ownerId: c.get("ownerId") });
    const titles = new Map(jobs.map((job) => [job.id, titleOf(parseOwn(job.input) as JobWork["input"])]));
    const { origin } = new URL(c.req.url);
    const views = hits.map((hit) => hitView(hit, titles.get(hit.jobId) ?? "", origin));
    const answer: SearchAnswer = { hits: views, model: EMBEDDING_MODEL, ...how };
    return c.json(answer, 200, { "cache-control": "private, no-store" });
  },
);

function hitView({ foundBy, ...hit }: Hit, title: string, origin: string): SearchHit {
  const jobUrl = `${origin}/v1/jobs/${hit.jobId}`;
  const { startMs, endMs } = hit;
  const isTimed = startMs !== null && endMs !== null && endMs > startMs;
  const url = isTimed ? `${jobUrl}/transcript?fromMs=${startMs}&toMs=${endMs}` : jobUrl;
  return { ...hit, title, foundBy: [...foundBy], url, jobUrl };
}
