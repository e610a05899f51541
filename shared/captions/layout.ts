import { groupIntoCues, wantedMs } from "./breaks.ts";
import { breakLines } from "./lines.ts";
import type { CaptionOptions } from "./options.ts";
import { captionWords } from "./words.ts";
import type { Segment } from "../transcripts/transcript.ts";

export { CAPTION_PRESETS, CaptionOptions } from "./options.ts";

export interface Cue {
  readonly startMs: number;
  readonly endMs: number;
  readonly lines: readonly string[];
  readonly speaker?: string;
}

// Where words crowd, the next cue waits rather than that this one flashes by unseen.
const SHORTEST_MS = 250;

/** Captions of a transcript: every word in order, no cue overlapping the next. */
export function layoutCaptions(segments: readonly Segment[], options: CaptionOptions): readonly Cue[] {
  const groups = turnsOf(segments).flatMap(({ speaker, said }) =>
    groupIntoCues(captionWords(said, options.maxLineLength), options).map((words) => ({ speaker, words })),
  );
  const cues: Cue[] = [];
  for (const [index, { speaker, words }] of groups.entries()) {
    const previous = cues.at(-1);
    const spokenFromMs = words[0]?.startMs ?? 0;
    const startMs = previous === undefined ? spokenFromMs : Math.max(spokenFromMs, previous.endMs + options.minGapMs);
    const lines = breakLines(words, options);
    const chars = lines.reduce((sum, line) => sum + Array.from(line).length, lines.length - 1);
    const untilMs = Math.max(words.at(-1)?.endMs ?? 0, startMs + wantedMs(chars, options));
    const nextMs = groups[index + 1]?.words[0]?.startMs ?? Infinity;
    const shortestMs = Math.max(1, Math.min(SHORTEST_MS, options.minDurationMs));
    const endMs = Math.min(untilMs, startMs + options.maxDurationMs, nextMs - options.minGapMs);
    const isNamed = speaker !== undefined && { speaker };
    cues.push({ startMs, endMs: Math.max(endMs, startMs + shortestMs), lines, ...isNamed });
  }
  return cues;
}

interface Turn {
  readonly speaker: string | undefined;
  readonly said: readonly Segment[];
}

/** What speakers say in turn: no cue has words of two. */
function turnsOf(segments: readonly Segment[]): readonly Turn[] {
  const turns: { speaker: string | undefined; said: Segment[] }[] = [];
  for (const segment of segments) {
    const last = turns.at(-1);
    if (last !== undefined && last.speaker === segment.speaker) last.said.push(segment);
    else turns.push({ speaker: segment.speaker, said: [segment] });
  }
  return turns;
}
