import { captionsOf } from "../../shared/captions/layout.ts";
import { toSrt, toVtt } from "../../shared/captions/captions.ts";
import type { Transcript } from "../../shared/transcripts/transcript.ts";
import { durationSeconds, languageName, whisperSegments } from "../../shared/transcripts/whisper-shape.ts";

export const RESPONSE_FORMATS = ["json", "text", "srt", "verbose_json", "vtt"] as const;

export interface Wanted {
  readonly task: "transcribe" | "translate";
  readonly format: (typeof RESPONSE_FORMATS)[number];
  /** What `verbose_json` contains. */
  readonly granularities: readonly ("word" | "segment")[];
}

/** A transcript in OpenAI's format. Captions are laid out as everywhere in Darkroom, not one cue a segment. */
export function transcriptBody(
  transcript: Transcript,
  { task, format, granularities }: Wanted,
): { readonly body: string; readonly contentType: string } {
  const { text, segments } = transcript;
  const usage = { type: "duration", seconds: Math.ceil(durationSeconds(transcript)) };
  switch (format) {
    case "json":
      return json(task === "translate" ? { text } : { text, usage });
    case "text":
      return { body: `${text}\n`, contentType: "text/plain; charset=utf-8" };
    case "srt":
      return { body: toSrt(captionsOf(transcript)), contentType: "text/plain; charset=utf-8" };
    case "vtt":
      return { body: toVtt(captionsOf(transcript)), contentType: "text/plain; charset=utf-8" };
    case "verbose_json":
      return json({
        task,
        // A translation is always in English, whatever language was spoken.
        language: task === "translate" ? "english" : languageName(transcript.language),
        duration: durationSeconds(transcript),
        text,
        ...(granularities.includes("segment") && { segments: whisperSegments(segments) }),
        ...(granularities.includes("word") && { words: segments.flatMap(({ words }) => words.map(wordOf)) }),
        ...(task === "transcribe" && { usage }),
      });
  }
}

function wordOf({ text, startMs, endMs }: Transcript["segments"][number]["words"][number]) {
  return { word: text.trim(), start: startMs / 1000, end: endMs / 1000 };
}

function json(value: unknown) {
  return { body: JSON.stringify(value), contentType: "application/json" };
}
