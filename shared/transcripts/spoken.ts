import { textOfWords } from "./place-words.ts";
import type { Segment, Word } from "./transcript.ts";

/** A word that is being merged, or a whole segment of a model that gave no word times. */
export interface Spoken extends Word {
  readonly segment: Segment;
  /** The index of the word in its segment; null for a whole segment. */
  readonly wordIndex: number | null;
}

/** Return the words of a chunk in its own order. Times outside its audio are errors of the model, and are corrected. */
export function spokenIn({
  segments,
  startMs,
  endMs,
}: {
  readonly segments: readonly Segment[];
  readonly startMs: number;
  readonly endMs: number;
}): Spoken[] {
  const within = (timeMs: number) => Math.min(endMs, Math.max(startMs, timeMs));
  const timed = (timedText: Word, segment: Segment, wordIndex: number | null): Spoken => ({
    startMs: within(timedText.startMs),
    endMs: within(Math.max(timedText.startMs, timedText.endMs)),
    text: timedText.text,
    segment,
    wordIndex,
  });
  return segments.flatMap((segment) =>
    segment.words.length === 0
      ? [timed(segment, segment, null)]
      : segment.words.map((word, wordIndex) => timed(word, segment, wordIndex)),
  );
}

/** Make segments of the words that were kept, in order and without overlaps. */
export function toSegments(spoken: readonly Spoken[]): readonly Segment[] {
  const ordered = inOrder(spoken);
  const segments: Segment[] = [];
  for (let from = 0; from < ordered.length;) {
    const segment = ordered[from]?.segment;
    let to = from + 1;
    while (to < ordered.length && ordered[to]?.segment === segment) to += 1;
    const rebuilt = rebuild(ordered.slice(from, to), segments.at(-1)?.endMs ?? 0, ordered[to]?.startMs ?? Infinity);
    if (rebuilt !== undefined) segments.push(rebuilt);
    from = to;
  }
  return segments;
}

// A word never starts before the previous one, and ends before the next begins.
function inOrder(spoken: readonly Spoken[]): readonly Spoken[] {
  let latestMs = 0;
  const starts = spoken.map(({ startMs }) => (latestMs = Math.max(latestMs, startMs)));
  return spoken.map((word, index) => {
    const startMs = starts[index] ?? word.startMs;
    const endMs = Math.min(Math.max(startMs, word.endMs), starts[index + 1] ?? Infinity);
    return { ...word, startMs, endMs };
  });
}

function rebuild(kept: readonly Spoken[], fromMs: number, toMs: number): Segment | undefined {
  const first = kept[0];
  const last = kept.at(-1);
  if (first === undefined || last === undefined) return undefined;
  const { segment } = first;
  const { startMs } = first;
  const { endMs } = last;
  if (first.wordIndex === null || last.wordIndex === null) {
    return { startMs, endMs, text: segment.text, words: [], ...languageOf(segment) };
  }
  const isFirstKept = first.wordIndex === 0;
  const isLastKept = last.wordIndex === segment.words.length - 1;
  return {
    startMs: isFirstKept ? Math.min(Math.max(segment.startMs, fromMs), startMs) : startMs,
    endMs: isLastKept ? Math.max(Math.min(segment.endMs, toMs), endMs) : endMs,
    text: textOfWords(segment, first.wordIndex, last.wordIndex + 1),
    words: kept.map((word) => ({ startMs: word.startMs, endMs: word.endMs, text: word.text })),
    ...languageOf(segment),
  };
}

function languageOf({ language }: Segment): Pick<Segment, "language"> {
  return language === undefined ? {} : { language };
}
