import * as z from "zod";

import { composeTranscript } from "../../shared/transcripts/compose-transcript.ts";
import { Stretch, Track } from "../../shared/transcripts/transcript.ts";
import { completeWith } from "../transcription/store-transcript.ts";
import { processor } from "./processor.ts";
import type { Tools } from "./tools.ts";

/** The arguments of `join_transcript`. */
export const JoinArgs = z.strictObject({
  durationMs: z.int().min(0),
  /** The parts that the file lacks, by its plan. Tasks of earlier versions have no such list. */
  gaps: z.array(Stretch).readonly().default([]),
  tracks: z.array(Track).readonly().exactOptional(),
  track: z.int().exactOptional(),
});

/** Join the chunks of a long recording into one transcript. Runs when every chunk has ended; a discarded chunk becomes a gap. */
export function createJoinTranscript({ readChunks, results }: Pick<Tools, "readChunks" | "results">) {
  return processor(JoinArgs, async ({ gaps: planned, ...recording }, attempt) => {
    const { transcribed, gaps } = await readChunks(attempt.task.jobId);
    const transcript = composeTranscript(transcribed, {
      ...recording,
      gaps: [...gaps, ...planned],
      hasAllEnded: true,
    });
    return completeWith(attempt, transcript, results);
  });
}
