import type { Cue } from "./layout.ts";
import type { Segment, Transcript } from "../transcripts/transcript.ts";
import { HOUR_MS } from "../durations.ts";

/** A laid-out cue, or an unchanged segment in one line. */
export type Caption = Cue | Pick<Segment, "startMs" | "endMs" | "text" | "speaker">;

/**
 * WebVTT (W3C): dots before the milliseconds, and `<`, `&` and `-->` are markup. A player takes the direction of each line from its
 * first letter. A right-to-left line therefore begins with U+200F, because it may begin with a Latin name.
 */
export function toVtt(captions: readonly Caption[], notes: readonly string[] = []): string {
  const cues = captions.map((caption) => {
    const lines = linesOf(caption).map((line) => (isRtl(caption) ? RIGHT_TO_LEFT_MARK : "") + escapeVtt(line));
    return `${timesOf(caption, ".")}\n${voiceOf(caption)}${lines.join("\n")}\n`;
  });
  return ["WEBVTT\n", ...notes.map((note) => `NOTE ${note}\n`), ...cues].join("\n");
}

/** Return notes about the missing parts of a transcript. WebVTT has comments for them. SubRip and text have none. */
export function notesOf({ isComplete, gaps }: Pick<Transcript, "isComplete" | "gaps">): readonly string[] {
  const missing = gaps.map(
    ({ startMs, endMs, reason }) => `Missing from ${cueTime(startMs, ".")} to ${cueTime(endMs, ".")}: ${reason}`,
  );
  return isComplete || missing.length > 0 ? missing : ["This transcript is not complete yet."];
}

/**
 * SubRip: numbered cues, commas before the milliseconds. Many players show every line from left to right. A right-to-left line
 * is therefore in an embedding (UAX #9), which older players know too.
 */
export function toSrt(captions: readonly Caption[]): string {
  return captions
    .map((caption, index) => {
      // SubRip has no voices, so the name is written when another speaker begins, as in the transcript.
      const { speaker } = caption;
      const name = speaker === undefined || speaker === captions[index - 1]?.speaker ? "" : `${oneLine(speaker)}: `;
      const lines = linesOf(caption).map((line) => (isRtl(caption) ? RIGHT_TO_LEFT + line + POP : line));
      return `${index + 1}\n${timesOf(caption, ",")}\n${name}${lines.join("\n")}\n`;
    })
    .join("\n");
}

const RIGHT_TO_LEFT_MARK = "\u200F";
const RIGHT_TO_LEFT = "\u202B";
const POP = "\u202C";

function isRtl(caption: Caption): boolean {
  return "direction" in caption && caption.direction === "rtl";
}

function timesOf({ startMs, endMs }: Caption, separator: "." | ","): string {
  return `${cueTime(startMs, separator)} --> ${cueTime(endMs, separator)}`;
}

// A blank line ends a cue in both formats.
function linesOf(caption: Caption): readonly string[] {
  if ("text" in caption) return [oneLine(caption.text)];
  return caption.lines.map(oneLine).filter((line) => line !== "");
}

function cueTime(timeMs: number, separator: "." | ","): string {
  const hours = two(timeMs / HOUR_MS);
  const minutes = two((timeMs / 60_000) % 60);
  const seconds = two((timeMs / 1000) % 60);
  return `${hours}:${minutes}:${seconds}${separator}${String(timeMs % 1000).padStart(3, "0")}`;
}

function two(value: number): string {
  return String(Math.floor(value)).padStart(2, "0");
}

/** Return the voice span with the speaker. In WebVTT it ends with its cue. */
function voiceOf({ speaker }: Caption): string {
  return speaker === undefined ? "" : `<v ${escapeVtt(oneLine(speaker))}>`;
}

function escapeVtt(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

function oneLine(text: string): string {
  return text.replaceAll(/\s+/g, " ").trim();
}
