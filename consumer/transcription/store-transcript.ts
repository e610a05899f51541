import { transcription } from "../../shared/kinds/transcription/kind.ts";
import { captionsOf } from "../../shared/captions/layout.ts";
import { notesOf, toSrt, toVtt } from "../../shared/captions/captions.ts";
import type { Completed, StoredArtifact } from "../../shared/jobs/outcome.ts";
import { cutPassages } from "../../shared/search/cut-passages.ts";
import type { Transcript } from "../../shared/transcripts/transcript.ts";
import type { Results } from "../processors/results.ts";
import type { Attempt } from "../runner/attempt.ts";

export const TRANSCRIPT = transcription.result;

/** The transcript as the result of its job, which can be found by its words. */
export async function completeWith(
  attempt: Attempt,
  transcript: Transcript,
  results: Pick<Results, "store">,
): Promise<Completed> {
  const passages = cutPassages(attempt.task.jobId, { transcript: transcript.segments });
  return { type: "completed", artifacts: await storeTranscript(attempt, transcript, results), passages };
}

/** `transcript.json`, and the same as text and captions. */
async function storeTranscript(
  attempt: Attempt,
  transcript: Transcript,
  results: Pick<Results, "store">,
): Promise<StoredArtifact[]> {
  const captions = captionsOf(transcript);
  return Promise.all([
    results.store(attempt, {
      name: TRANSCRIPT,
      contentType: "application/json",
      body: JSON.stringify(transcript, null, 2),
    }),
    results.store(attempt, {
      name: "transcript.txt",
      contentType: "text/plain; charset=utf-8",
      body: `${transcript.text}\n`,
    }),
    results.store(attempt, {
      name: "transcript.vtt",
      contentType: "text/vtt",
      body: toVtt(captions, notesOf(transcript)),
    }),
    results.store(attempt, {
      name: "transcript.srt",
      contentType: "application/x-subrip",
      body: toSrt(captions),
    }),
  ]);
}
