import { widthOf } from "../../shared/captions/width.ts";
import { joinWords } from "../../shared/transcripts/join-words.ts";
import { placeWords } from "../../shared/transcripts/place-words.ts";
import { endsSentence } from "../../shared/transcripts/scripts.ts";
import type { Segment, Word } from "../../shared/transcripts/transcript.ts";

const PAUSE_MS = 700;
const MAX_SEGMENT_MS = 7000; // the longest that a caption may stay, by the usual subtitling guides
const MAX_SEGMENT_WIDTH = 84; // two caption lines of 42

/**
 * Group words into segments, for a model that returns only words. A new segment starts after a pause or a full stop, or when
 * the segment gets too long to read.
 * @param text contains these words, with the spaces and marks that each segment gets.
 */
export function groupWords(words: readonly Word[], text: string): Segment[] {
  const groups: Word[][] = [];
  for (const word of words) {
    const group = groups.at(-1);
    if (group === undefined || startsSegment(group, word)) groups.push([word]);
    else group.push(word);
  }
  const places = placeWords({ text, words: [...words] });
  let next = 0;
  return groups.map((group) => {
    const first = places?.[next];
    next += group.length;
    const last = places?.[next - 1];
    const isPlaced = first !== undefined && last !== undefined;
    return {
      startMs: group[0]?.startMs ?? 0,
      endMs: group.at(-1)?.endMs ?? 0,
      text: isPlaced ? text.slice(first.start, last.end) : joinWords(group.map((word) => word.text)),
      words: group,
    };
  });
}

function startsSegment(group: readonly Word[], word: Word): boolean {
  const first = group[0];
  const last = group.at(-1);
  if (first === undefined || last === undefined) return true;
  const width = widthOf(group.map(({ text }) => text).join("")) + group.length + widthOf(word.text);
  return (
    word.startMs - last.endMs > PAUSE_MS ||
    endsSentence(last.text) ||
    word.endMs - first.startMs > MAX_SEGMENT_MS ||
    width > MAX_SEGMENT_WIDTH
  );
}
