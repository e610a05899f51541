import type { Segment, Transcript } from "./transcript.ts";

// A transcript as Whisper's own program prints it, which both dialects repeat. Times are seconds.

/** What our models do not tell is 0 or empty: `seek`, `tokens`, `temperature` and the three figures of doubt. */
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

/** `english` for `en`, as Whisper says it; empty where the model did not tell. */
export function languageName(code: string | null): string {
  if (code === null) return "";
  try {
    return (new Intl.DisplayNames(["en"], { type: "language" }).of(code) ?? code).toLowerCase();
  } catch {
    return code;
  }
}

/** How long the recording is; where nobody measured it, until its last word. */
export function durationSeconds({ durationMs, segments }: Transcript): number {
  return (durationMs ?? segments.at(-1)?.endMs ?? 0) / 1000;
}
