import type { TimedLine } from "./choose-lines.ts";
import type { JobDetail } from "../../shared/jobs/job-detail.ts";
import { mainArtifact, storedLeaves } from "../../shared/kinds/index.ts";
import { type ReadWords, readWords } from "../../shared/uploads/read-words.ts";
import type { Problem } from "../http/problem.ts";
import { readLatest } from "../transcripts/read-transcript.ts";

export interface AskedAbout {
  readonly lines: readonly TimedLine[];
  /** The length of the recording; null for a text. */
  readonly durationMs: number | null;
}

/** Read the text of a job for a question about it, or the problem why there cannot be one. */
export async function readLines(
  detail: JobDetail,
  deps: { db: D1Database; media: R2Bucket },
): Promise<AskedAbout | Problem> {
  const { id, state, kind, input } = detail.job;
  switch (state) {
    case "queued":
    case "running":
      return { code: "job_unfinished", detail: `Job '${id}' is ${state}. Ask when it has completed.` };
    case "failed":
      return { code: "job_failed", detail: `Job '${id}' failed: ${detail.job.errorCode ?? ""}. Redrive it first.` };
    case "cancelled":
      return { code: "job_cancelled", detail: `Job '${id}' was cancelled, so it has no result. Submit it again.` };
    case "completed":
  }
  const leaves = storedLeaves({ kind, input });
  if (leaves === null) return withoutText(id, "it was made by a newer version of Darkroom than the one that runs now");
  switch (leaves.material) {
    case "a transcript": {
      const { segments, durationMs } = await readLatest(detail, deps);
      const lines = segments.filter(({ text }) => text.trim() !== "");
      return lines.length > 0 ? { lines, durationMs } : withoutText(id, "it has no speech");
    }
    case "a picture":
      return withoutText(id, leaves.noText);
    case "a text": {
      const { words } = leaves;
      const read = "maxTokens" in words ? await readWritten(detail, deps.media) : await readWords(words, deps.media);
      return read.ok
        ? { lines: linesOf(read.text), durationMs: null }
        : withoutText(id, `its ${"maxTokens" in words ? "text" : "source"} ${read.reason}`);
    }
  }
}

/** Read the text that a job has written. */
async function readWritten({ job, artifacts }: JobDetail, media: R2Bucket): Promise<ReadWords> {
  const main = mainArtifact(job.kind, artifacts);
  const object = main === undefined ? null : await media.get(main.key);
  return object === null ? { ok: false, reason: "no longer exists" } : { ok: true, text: await object.text() };
}

function withoutText(id: string, reason: string): Problem {
  return { code: "job_without_text", detail: `Job '${id}' has no text to ask about: ${reason}.` };
}

function linesOf(text: string): readonly TimedLine[] {
  const lines = text.split("\n").filter((line) => line.trim() !== "");
  return lines.map((line) => ({ text: line, startMs: null, endMs: null }));
}
