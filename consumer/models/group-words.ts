import type { Segment, Word } from "../../shared/transcripts/transcript.ts";

const PAUSE_MS = 700;
const MAX_SEGMENT_MS = 7000; // the longest that a caption may stay, by the usual subtitling guides
const MAX_SEGMENT_CHARS = 84; // two caption lines of 42

/**
 * Group words into segments, for a model that returns only words. A new segment starts after a pause or a full stop, or when
 * the segment gets too long to read.
 */
export function groupWords(words: readonly Word[]): Segment[] {
  const groups: Word[][] = [];
  for (const word of words) {
    const group = groups.at(-1);
    if (group === undefined || startsSegment(group, word)) groups.push([word]);
    else group.push(word);
  }
  return groups.map((group) => ({
    startMs: group[0]?.startMs ?? 0,
    endMs: group.at(-1)?.endMs ?? 0,
    text: group.map((word) => word.text).join(" "),
    words: group,
  }));
}

function startsSegment(group: readonly Word[], word: Word): boolean {
  const first = group[0];
  const last = group.at(-1);
  if (first === undefined || last === undefined) return true;
  const chars = group.reduce((sum, { text }) => sum + text.length + 1, word.text.length);
  return (
    word.startMs - last.endMs > PAUSE_MS ||
    /[.!?]$/.test(last.text) ||
    word.endMs - first.startMs > MAX_SEGMENT_MS ||
    chars > MAX_SEGMENT_CHARS
  );
}
