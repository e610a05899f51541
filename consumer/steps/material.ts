import { decodeText } from "../../shared/input/decode-text.ts";
import { MAX_TEXT_CHARS, maxFileBytes } from "../../shared/limits.ts";
import type { ArtifactRow } from "../../shared/db/jobs/reads.ts";
import { JobWork } from "../../shared/jobs/new-job.ts";
import { Transcript } from "../../shared/transcripts/transcript.ts";
import { patiently } from "../../shared/uploads/patient.ts";
import type { Outcome, TaskContext } from "../processors/processor.ts";
import { LABELS } from "../processors/classify.ts";
import { withSource } from "../processors/source.ts";
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

/** The job's work, and what it has made by now; null for a job that is gone. */
export async function readMadeWork({
  readMade,
}: TaskContext): Promise<{ readonly work: JobWork; readonly artifacts: readonly ArtifactRow[] } | null> {
  const made = await readMade();
  if (made === null) return null;
  const { kind, input, artifacts } = made;
  return { work: JobWork.parse({ kind, input: JSON.parse(input) }), artifacts };
}

/** Give a step the text of its job, where the job has made or read one. */
export async function withText(
  context: TaskContext,
  run: (material: TextMaterial) => Promise<Outcome>,
): Promise<Outcome> {
  const made = await readMadeWork(context);
  if (made === null) return NOTHING_TO_DO;
  const { work, artifacts } = made;
  const keyOf = (name: string) => artifacts.find((artifact) => artifact.name === name)?.key;
  switch (work.kind) {
    case "transcription": {
      const key = keyOf(TRANSCRIPT);
      if (key === undefined) return NOTHING_TO_DO;
      const object = await patiently(async () => (await context.media.get(key))?.json());
      const transcript = Transcript.parse(object);
      return run({ lines: transcript.segments.map(({ text }) => text), transcript });
    }
    case "classification": {
      if (keyOf(LABELS) === undefined) return NOTHING_TO_DO;
      const { input } = work;
      if ("text" in input) return run({ lines: linesOf(input.text), transcript: null });
      return withSource(input.source, { maxBytes: maxFileBytes(MAX_TEXT_CHARS) }, context, async (bytes) => {
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
