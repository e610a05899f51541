import { decodeText } from "../../shared/input/decode-text.ts";
import { MAX_TEXT_CHARS, maxFileBytes } from "../../shared/limits.ts";
import type { ArtifactRow } from "../../shared/jobs/job-detail.ts";
import { JobWork } from "../../shared/jobs/job-work.ts";
import { Transcript } from "../../shared/transcripts/transcript.ts";
import { patiently } from "../../shared/uploads/patient.ts";
import type { Outcome } from "../../shared/jobs/outcome.ts";
import { LABELS } from "../processors/classify.ts";
import type { Tools } from "../processors/tools.ts";
import type { Attempt } from "../runner/attempt.ts";
import { TRANSCRIPT } from "../transcription/store-transcript.ts";

/** What a summary is of. */
export interface TextMaterial {
  readonly lines: readonly string[];
  readonly transcript: Transcript | null;
}

/**
 * The job's task was given up on, and is the job's failure already: a step of what it did not make has nothing to do. If
 * that task is redriven, the step runs again.
 */
export const NOTHING_TO_DO: Outcome = { type: "completed" };

/** The job's work and its artifacts so far; null for a job that is gone. */
export async function readJobWork(
  jobId: string,
  readJobContents: Tools["readJobContents"],
): Promise<{ readonly work: JobWork; readonly artifacts: readonly ArtifactRow[] } | null> {
  const contents = await readJobContents(jobId);
  if (contents === null) return null;
  const { kind, input, artifacts } = contents;
  return { work: JobWork.parse({ kind, input: JSON.parse(input) }), artifacts };
}

/** Give a step the text of its job, where the job has made or read one. */
export async function withText(
  attempt: Attempt,
  { media, withSource, readJobContents }: Pick<Tools, "media" | "withSource" | "readJobContents">,
  run: (material: TextMaterial) => Promise<Outcome>,
): Promise<Outcome> {
  const job = await readJobWork(attempt.task.jobId, readJobContents);
  if (job === null) return NOTHING_TO_DO;
  const { work, artifacts } = job;
  const keyOf = (name: string) => artifacts.find((artifact) => artifact.name === name)?.key;
  switch (work.kind) {
    case "transcription": {
      const key = keyOf(TRANSCRIPT);
      if (key === undefined) return NOTHING_TO_DO;
      const object = await patiently(async () => (await media(attempt).get(key))?.json());
      const transcript = Transcript.parse(object);
      return run({ lines: transcript.segments.map(({ text }) => text), transcript });
    }
    case "classification": {
      if (keyOf(LABELS) === undefined) return NOTHING_TO_DO;
      const { input } = work;
      if ("text" in input) return run({ lines: linesOf(input.text), transcript: null });
      return withSource(attempt, input.source, { maxBytes: maxFileBytes(MAX_TEXT_CHARS) }, async (bytes) => {
        const read = decodeText(bytes);
        // Its classification has refused it, and is the job's failure.
        return read.ok ? run({ lines: linesOf(read.text), transcript: null }) : NOTHING_TO_DO;
      });
    }
    case "image_generation":
      return NOTHING_TO_DO;
  }
}

function linesOf(text: string): readonly string[] {
  return text.split("\n").filter((line) => line.trim() !== "");
}
