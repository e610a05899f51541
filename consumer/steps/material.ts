import { MAX_TEXT_CHARS } from "../../shared/limits.ts";
import type { JobWork } from "../../shared/new-job.ts";
import { Transcript } from "../../shared/transcript.ts";
import { patiently } from "../patient.ts";
import type { Outcome, TaskContext } from "../processor.ts";
import { LABELS } from "../processors/classify.ts";
import { withSource } from "../source.ts";
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

/** Give a step the text of its job, where the job has made or read one. */
export async function withText(
  work: JobWork,
  context: TaskContext,
  run: (material: TextMaterial) => Promise<Outcome>,
): Promise<Outcome> {
  const artifacts = await context.readArtifacts();
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
      return withSource(input.source, { maxBytes: MAX_TEXT_CHARS * 4 }, context, (bytes) =>
        run({ lines: linesOf(new TextDecoder().decode(bytes)), transcript: null }),
      );
    }
    case "image_generation":
      return NOTHING_TO_DO;
  }
}

function linesOf(text: string): readonly string[] {
  return text.split("\n").filter((line) => line.trim() !== "");
}
