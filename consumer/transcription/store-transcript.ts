import { CaptionOptions, layoutCaptions } from "../../shared/captions/layout.ts";
import { notesOf, toSrt, toVtt } from "../../shared/captions/captions.ts";
import type { StoredArtifact } from "../../shared/jobs/settlement.ts";
import type { Transcript } from "../../shared/transcripts/transcript.ts";
import type { TaskContext } from "../processors/processor.ts";
import { storeArtifact } from "../processors/store-artifact.ts";

export const TRANSCRIPT = "transcript.json";

/** `transcript.json`, and the same as text and captions. */
export async function storeTranscript(context: TaskContext, transcript: Transcript): Promise<StoredArtifact[]> {
  const captions = layoutCaptions(transcript.segments, CaptionOptions.parse({}));
  return Promise.all([
    storeArtifact(context, {
      name: TRANSCRIPT,
      contentType: "application/json",
      body: JSON.stringify(transcript, null, 2),
    }),
    storeArtifact(context, {
      name: "transcript.txt",
      contentType: "text/plain; charset=utf-8",
      body: `${transcript.text}\n`,
    }),
    storeArtifact(context, {
      name: "transcript.vtt",
      contentType: "text/vtt",
      body: toVtt(captions, notesOf(transcript)),
    }),
    storeArtifact(context, {
      name: "transcript.srt",
      contentType: "application/x-subrip",
      body: toSrt(captions),
    }),
  ]);
}
