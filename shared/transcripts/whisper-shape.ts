import type { Segment, Transcript } from "./transcript.ts";

// A transcript as Whisper's own program prints it, which both dialects repeat. Times are seconds.

/** Fields that our models do not return are 0 or empty: `seek`, `tokens`, `temperature` and the three figures of doubt. */
export function whisperSegments(segments: readonly Segment[]) {
  return segments.map((segment, id) => ({
    id,
    seek: 0,
    start: segment.startMs / 1000,
    end: segment.endMs / 1000,
    text: segment.text,
    tokens: [],
    temperature: 0,
    avg_logprob: 0,
    compression_ratio: 0,
    no_speech_prob: 0,
  }));
}

/** Return the name of a language as Whisper writes it (`english` for `en`); empty if the model did not return one. */
export function languageName(code: string | null): string {
  if (code === null) return "";
  try {
    return (new Intl.DisplayNames(["en"], { type: "language" }).of(code) ?? code).toLowerCase();
  } catch {
    return code;
  }
}

/** Return the length of the recording; if it was not measured, the end of its last word. */
export function durationSeconds({ durationMs, segments }: Transcript): number {
  return (durationMs ?? segments.at(-1)?.endMs ?? 0) / 1000;
}
