import { joinTexts } from "../../shared/transcripts/join-words.ts";
import type { Stretch, Transcript } from "../../shared/transcripts/transcript.ts";

/** The part of a transcript between two times. Segments stay whole. */
export function excerptOf(transcript: Transcript, { fromMs, toMs }: { fromMs: number; toMs: number }): Transcript {
  const isInside = ({ startMs, endMs }: Pick<Stretch, "startMs" | "endMs">) => startMs < toMs && endMs > fromMs;
  const segments = transcript.segments.filter(isInside);
  return {
    ...transcript,
    text: joinTexts(segments.map(({ text }) => text)),
    segments,
    gaps: transcript.gaps.filter(isInside),
    lowConfidence: transcript.lowConfidence.filter(isInside),
  };
}
