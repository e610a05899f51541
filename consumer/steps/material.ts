import { decodeText } from "../../shared/input/decode-text.ts";
import { maxFileBytes } from "../../shared/limits.ts";
import type { ArtifactRow } from "../../shared/jobs/job-detail.ts";
import { mainArtifact, NewerWork, storedLeaves } from "../../shared/kinds/index.ts";
import type { Leaves } from "../../shared/kinds/kind.ts";
import { Transcript } from "../../shared/transcripts/transcript.ts";
import { patiently } from "../../shared/uploads/patient.ts";
import type { Outcome } from "../../shared/jobs/outcome.ts";
import type { Tools } from "../processors/tools.ts";
import type { Attempt } from "../runner/attempt.ts";

/** The text that is summarised. */
export interface TextMaterial {
  readonly lines: readonly string[];
  readonly transcript: Transcript | null;
}

/**
 * The outcome of a step if the job did not leave the material that the step works on. The job's own task was discarded, which is already the
 * job's failure. If that task is redriven, the step runs again.
 */
export const NOTHING_TO_DO: Outcome = { type: "completed" };

/** What a job leaves for its steps, its main artifact, and all of them. */
export interface LeftByJob {
  readonly leaves: Leaves;
  readonly result: ArtifactRow;
  readonly artifacts: readonly ArtifactRow[];
}

/**
 * Read what a job leaves for its steps.
 * @throws NewerWork
 * @returns null for a job that is gone, or that has not left the material for its steps.
 */
export async function readLeft(jobId: string, readJobContents: Tools["readJobContents"]): Promise<LeftByJob | null> {
  const contents = await readJobContents(jobId);
  if (contents === null) return null;
  const leaves = storedLeaves(contents);
  if (leaves === null) throw new NewerWork(`job '${jobId}' was written by a newer version`);
  const result = mainArtifact(contents.kind, contents.artifacts);
  return result === undefined ? null : { leaves, result, artifacts: contents.artifacts };
}

/** Give a step the text of its job, if the job has made or read one. */
export async function withText(
  attempt: Attempt,
  { media, withSource, readJobContents }: Pick<Tools, "media" | "withSource" | "readJobContents">,
  run: (material: TextMaterial) => Promise<Outcome>,
): Promise<Outcome> {
  const left = await readLeft(attempt.task.jobId, readJobContents);
  if (left === null) return NOTHING_TO_DO;
  const { leaves, result } = left;
  switch (leaves.material) {
    case "a transcript": {
      const object = await patiently(async () => (await media(attempt).get(result.key))?.json());
      const transcript = Transcript.parse(object);
      return run({ lines: transcript.segments.map(({ text }) => text), transcript });
    }
    case "a text": {
      const { words } = leaves;
      if ("maxTokens" in words) {
        const text = await patiently(async () => (await media(attempt).get(result.key))?.text());
        return text === undefined ? NOTHING_TO_DO : run({ lines: linesOf(text), transcript: null });
      }
      if ("text" in words) return run({ lines: linesOf(words.text), transcript: null });
      return withSource(attempt, words.source, { maxBytes: maxFileBytes(words.maxChars) }, async (bytes) => {
        const read = decodeText(bytes);
        // The job's own task has refused this text, which is the job's failure.
        return read.ok ? run({ lines: linesOf(read.text), transcript: null }) : NOTHING_TO_DO;
      });
    }
    case "a picture":
      return NOTHING_TO_DO;
  }
}

function linesOf(text: string): readonly string[] {
  return text.split("\n").filter((line) => line.trim() !== "");
}
