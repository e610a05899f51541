import { notesOf, toSrt, toVtt } from "../../shared/captions/captions.ts";
import type { AskedCaptions } from "../../shared/captions/languages.ts";
import { captionsOf } from "../../shared/captions/layout.ts";
import type { Transcript } from "../../shared/transcripts/transcript.ts";

export type TranscriptFormat = "json" | "txt" | "vtt" | "srt";

/** Write a transcript in a format. */
export function render(
  transcript: Transcript,
  { format, captions }: { format: TranscriptFormat; captions: AskedCaptions },
): { readonly body: string; readonly contentType: string } {
  switch (format) {
    case "json":
      return { body: JSON.stringify(transcript), contentType: "application/json" };
    case "txt":
      return { body: `${transcript.text}\n`, contentType: "text/plain; charset=utf-8" };
    case "vtt":
      return {
        body: toVtt(captionsOf(transcript, captions), notesOf(transcript)),
        contentType: "text/vtt; charset=utf-8",
      };
    case "srt":
      return {
        body: toSrt(captionsOf(transcript, captions)),
        contentType: "application/x-subrip; charset=utf-8",
      };
  }
}
