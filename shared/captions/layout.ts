import { groupIntoCues, wantedMs } from "./breaks.ts";
import { isRightToLeft } from "./direction.ts";
import { breakLines } from "./lines.ts";
import type { CaptionOptions } from "./options.ts";
import { widthOf } from "./width.ts";
import { captionWords } from "./words.ts";
import type { Segment, Transcript } from "../transcripts/transcript.ts";
import { type AskedCaptions, captionOptionsFor } from "./languages.ts";

export { CAPTION_PRESETS, CaptionOptions } from "./options.ts";

export interface Cue {
  readonly startMs: number;
  readonly endMs: number;
  readonly lines: readonly string[];
  readonly speaker?: string;
  /** Set if the lines are read from right to left. */
  readonly direction?: "rtl";
}

// If words are crowded, the next cue waits, so that a cue is visible for at least this time.
const SHORTEST_MS = 250;

/**
 * Lay out the captions of a transcript: every word in order, and no cue overlaps the next.
 * @param language of the transcript, if known. It decides the direction of a cue that begins with a letter of another script.
 */
export function layoutCaptions(
  segments: readonly Segment[],
  options: CaptionOptions,
  language: string | null = null,
): readonly Cue[] {
  const groups = turnsOf(segments).flatMap(({ speaker, said }) =>
    groupIntoCues(captionWords(said, options.maxLineLength), options).map((words) => ({ speaker, words })),
  );
  const cues: Cue[] = [];
  for (const [index, { speaker, words }] of groups.entries()) {
    const previous = cues.at(-1);
    const spokenFromMs = words[0]?.startMs ?? 0;
    const startMs = previous === undefined ? spokenFromMs : Math.max(spokenFromMs, previous.endMs + options.minGapMs);
    const lines = breakLines(words, options);
    const chars = lines.reduce((sum, line) => sum + widthOf(line), lines.length - 1);
    const untilMs = Math.max(words.at(-1)?.endMs ?? 0, startMs + wantedMs(chars, options));
    const nextMs = groups[index + 1]?.words[0]?.startMs ?? Infinity;
    const shortestMs = Math.max(1, Math.min(SHORTEST_MS, options.minDurationMs));
    const endMs = Math.min(untilMs, startMs + options.maxDurationMs, nextMs - options.minGapMs);
    const isNamed = speaker !== undefined && { speaker };
    const direction = isRightToLeft(lines.join(" "), language) && { direction: "rtl" as const };
    cues.push({ startMs, endMs: Math.max(endMs, startMs + shortestMs), lines, ...isNamed, ...direction });
  }
  return cues;
}

interface Turn {
  readonly speaker: string | undefined;
  readonly said: readonly Segment[];
}

/** Return the turns of the speakers. No cue has the words of two speakers. */
function turnsOf(segments: readonly Segment[]): readonly Turn[] {
  const turns: { speaker: string | undefined; said: Segment[] }[] = [];
  for (const segment of segments) {
    const last = turns.at(-1);
    if (last !== undefined && last.speaker === segment.speaker) last.said.push(segment);
    else turns.push({ speaker: segment.speaker, said: [segment] });
  }
  return turns;
}

/** Lay out the captions of a transcript with a preset for its language, by default `netflix`. */
export function captionsOf(transcript: Transcript, asked: AskedCaptions = {}): readonly Cue[] {
  return layoutCaptions(transcript.segments, captionOptionsFor(transcript, asked), transcript.language);
}
