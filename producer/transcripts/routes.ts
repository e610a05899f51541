import { type Context, Hono } from "hono";
import type * as z from "zod";

import { readWhole, readWholeJob } from "../../shared/archive/whole.ts";
import { readTranscriptState } from "../../shared/db/transcripts/versions.ts";
import { sha256Hex } from "../../shared/hash.ts";
import { intakeOf } from "../../shared/jobs/intake.ts";
import { Transcript } from "../../shared/transcripts/transcript.ts";
import type { App } from "../http/app.ts";
import { describe, type Description, query } from "../http/describe.ts";
import { matchesEtag } from "../http/etag.ts";
import { problem } from "../http/problem.ts";
import { excerptOf } from "./excerpt.ts";
import { readTranscript, isStored, readVersion } from "./read-transcript.ts";
import { render } from "./render.ts";
import { TranscriptQuery } from "./requests.ts";
import { leavesTranscript } from "../../shared/kinds/index.ts";
import { TRANSCRIPT as EXAMPLE } from "./examples.ts";

export const transcripts = new Hono<App>();

/** What both routes to a transcript answer, the one with a key and the signed one. */
export const TRANSCRIPT = {
  summary: "Read the transcript so far, or an excerpt of it, with its edits",
  description:
    "As JSON with times and words, as text, or as captions (`vtt`, `srt`). While chunks are still transcribed, it is what is there so far.",
  tags: ["results"],
  parameters: [{ in: "header", name: "If-None-Match", schema: { type: "string" } }],
  answers: {
    200: {
      description: "the transcript in the requested format",
      schema: Transcript.meta({ id: "Transcript" }),
      example: EXAMPLE,
      media: ["text/plain", "text/vtt", "application/x-subrip"],
      headers: {
        "x-transcript-complete": "`false` while the transcript grows, and if a part is missing",
        "x-transcript-version": "the number of the version; 0 for the original",
        etag: "the tag of this version in this form; absent while the transcript grows. For `If-Match`, send the tag of the whole transcript as JSON",
      },
    },
    304: { description: "it has not changed" },
  },
  problems: ["invalid_request", "job_not_found", "artifact_not_found", "version_not_found"],
} satisfies Omit<Description, "operationId">;

transcripts.get(
  "/:id/transcript",
  describe({ ...TRANSCRIPT, operationId: "readTranscript" }),
  query(TranscriptQuery),
  readRendered,
);

type Wanted = z.output<typeof TranscriptQuery>;
type Asked = { in: { query: z.input<typeof TranscriptQuery> }; out: { query: Wanted } };

const HEADERS = { "cache-control": "private, no-cache", "x-content-type-options": "nosniff" };

/** Send the transcript so far, or an excerpt of it, in the requested format. `x-transcript-complete` is false if more will come or a part is missing. */
export async function readRendered(c: Context<App, "/:id/transcript", Asked>): Promise<Response> {
  const id = c.req.param("id");
  const job = { id, ownerId: c.get("ownerId") };
  const deps = intakeOf(c.env);
  const state = await readWhole(deps, job, () => readTranscriptState(deps.db, job));
  if (state === null) return problem(c, { code: "job_not_found", detail: `There is no job '${id}'.` });
  if (!leavesTranscript(state.kind)) {
    return problem(c, { code: "artifact_not_found", detail: `Job '${id}' is a ${state.kind}; it has no transcript.` });
  }
  const asked = c.req.valid("query");
  const found = isStored(state) ? await readVersion(id, state, asked.version, deps) : await soFar(c, job, asked);
  if (found === null) {
    const detail = `The transcript of job '${id}' has no version ${asked.version}. GET /v1/jobs/${id}/transcript/history lists its versions.`;
    return problem(c, { code: "version_not_found", detail });
  }
  const { transcript, version, etag } = found;
  const tag = etag === null ? null : await etagOf(etag, asked);
  const headers = {
    ...HEADERS,
    ...(tag !== null && { etag: tag }),
    "x-transcript-complete": String(transcript.isComplete),
    "x-transcript-version": String(version),
  };
  if (tag !== null && matchesEtag(c.req.header("if-none-match"), tag)) return c.body(null, 304, headers);
  const { body, contentType } = render(isWhole(asked) ? transcript : excerptOf(transcript, asked), asked);
  return c.body(body, 200, { ...headers, "content-type": contentType });
}

/** The transcript from the chunks so far. It does not have a version yet. */
async function soFar(c: Context<App>, job: { id: string; ownerId: string }, { version }: Wanted) {
  if (typeof version === "number" && version > 0) return null;
  const detail = await readWholeJob(intakeOf(c.env), job);
  if (detail === null) return null;
  return { transcript: await readTranscript(detail, intakeOf(c.env)), version: 0, etag: null };
}

/** The tag of a version in one form. Each format, excerpt and caption layout has its own. */
async function etagOf(version: string, asked: Wanted): Promise<string> {
  if (asked.format === "json" && isWhole(asked)) return `"${version}"`;
  return `"${version}/${await sha256Hex(JSON.stringify(asked), { bytes: 6 })}"`;
}

function isWhole({ fromMs, toMs }: { fromMs: number; toMs: number }): boolean {
  return fromMs === 0 && toMs === Number.POSITIVE_INFINITY;
}
