import type { Segment } from "./transcript.ts";

/** WebVTT (W3C): dots before the milliseconds, and `<`, `&` and `-->` are markup. */
export function toVtt(segments: readonly Segment[]): string {
  const cues = segments.map(
    (segment) => `${cueTime(segment.startMs, ".")} --> ${cueTime(segment.endMs, ".")}\n${escapeVtt(segment.text)}\n`,
  );
  return ["WEBVTT\n", ...cues].join("\n");
}

/** SubRip: numbered cues, commas before the milliseconds. */
export function toSrt(segments: readonly Segment[]): string {
  return segments
    .map(
      (segment, index) =>
        `${index + 1}\n${cueTime(segment.startMs, ",")} --> ${cueTime(segment.endMs, ",")}\n${oneLine(segment.text)}\n`,
    )
    .join("\n");
}

function cueTime(timeMs: number, separator: "." | ","): string {
  const hours = two(timeMs / 3_600_000);
  const minutes = two((timeMs / 60_000) % 60);
  const seconds = two((timeMs / 1000) % 60);
  return `${hours}:${minutes}:${seconds}${separator}${String(timeMs % 1000).padStart(3, "0")}`;
}

function two(value: number): string {
  return String(Math.floor(value)).padStart(2, "0");
}

function escapeVtt(text: string): string {
  return oneLine(text).replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

// A blank line ends a cue in both formats.
function oneLine(text: string): string {
  return text.replaceAll(/\s+/g, " ").trim();
}
