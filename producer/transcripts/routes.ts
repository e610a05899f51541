import { Hono } from "hono";

import { type CaptionOptions, layoutCaptions } from "../../shared/captions/layout.ts";
import { notesOf, toSrt, toVtt } from "../../shared/captions/captions.ts";
import { readJob } from "../../shared/db/jobs/reads.ts";
import { excerptOf } from "./excerpt.ts";
import { intakeOf } from "../../shared/jobs/intake.ts";
import { Transcript } from "../../shared/transcripts/transcript.ts";
import type { App } from "../http/app.ts";
import { describe, query } from "../http/describe.ts";
import { problem } from "../http/problem.ts";
import { readTranscript } from "./read-transcript.ts";
import { TranscriptQuery } from "./requests.ts";
import { leavesTranscript } from "../../shared/kinds/index.ts";

export const transcripts = new Hono<App>();

/** The transcript so far, or a part of it, rendered as asked. `x-transcript-complete` says whether more will come, or a part is missing. */
transcripts.get(
  "/:id/transcript",
  describe({
    operationId: "readTranscript",
    summary: "The transcript so far, or a part of it",
    tags: ["results"],
    answers: {
      200: {
        description: "rendered as asked",
        schema: Transcript.meta({ id: "Transcript" }),
        media: ["text/plain", "text/vtt", "application/x-subrip"],
        headers: { "x-transcript-complete": "`false` while it grows, and where a part is missing" },
      },
    },
    problems: ["invalid_request", "job_not_found", "artifact_not_found"],
  }),
  query(TranscriptQuery),
  async (c) => {
    const id = c.req.param("id");
    const detail = await readJob(c.env.DB, { id, ownerId: c.get("ownerId") });
    if (detail === null) return problem(c, { code: "job_not_found", detail: `There is no job '${id}'.` });
    if (!leavesTranscript(detail.job.kind)) {
      return problem(c, {
        code: "artifact_not_found",
        detail: `Job '${id}' is a ${detail.job.kind}; it has no transcript.`,
      });
    }
    const asked = c.req.valid("query");
    const transcript = await readTranscript(detail, intakeOf(c.env));
    const { body, contentType } = render(isWhole(asked) ? transcript : excerptOf(transcript, asked), asked);
    return c.body(body, 200, {
      "content-type": contentType,
      "cache-control": "private, no-cache",
      "x-content-type-options": "nosniff",
      "x-transcript-complete": String(transcript.isComplete),
    });
  },
);

function isWhole({ fromMs, toMs }: { fromMs: number; toMs: number }): boolean {
  return fromMs === 0 && toMs === Number.POSITIVE_INFINITY;
}

function render(
  transcript: Transcript,
  { format, captions }: { format: "json" | "txt" | "vtt" | "srt"; captions: CaptionOptions },
): { body: string; contentType: string } {
  switch (format) {
    case "json":
      return { body: JSON.stringify(transcript), contentType: "application/json" };
    case "txt":
      return { body: `${transcript.text}\n`, contentType: "text/plain; charset=utf-8" };
    case "vtt":
      return {
        body: toVtt(layoutCaptions(transcript.segments, captions), notesOf(transcript)),
        contentType: "text/vtt; charset=utf-8",
      };
    case "srt":
      return {
        body: toSrt(layoutCaptions(transcript.segments, captions)),
        contentType: "application/x-subrip; charset=utf-8",
      };
  }
}
