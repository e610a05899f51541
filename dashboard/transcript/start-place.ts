import type { Transcript } from "../../client/index.ts";

/** A search hit is a passage, which can last this long. */
const PASSAGE_MS = 120_000;

/**
 * Return the time of the first word, at or after a time, that is one of the searched words. If none is, return the time of another form
 * of such a word. If there is none either, return the given time.
 */
export function placeOf(segments: Transcript["segments"], fromMs: number, words: readonly string[]): number {
  const said = segments.flatMap((segment) =>
    segment.endMs < fromMs || segment.startMs > fromMs + PASSAGE_MS
      ? []
      : segment.words.filter(({ startMs }) => startMs >= fromMs),
  );
  const asked = words.map(plain);
  const isSame = (text: string) => asked.includes(text);
  const isForm = (text: string) => asked.some((word) => text.startsWith(word.slice(0, Math.max(3, word.length - 2))));
  for (const isIt of [isSame, isForm]) {
    const found = said.find(({ text }) => isIt(plain(text)));
    if (found !== undefined) return found.startMs;
  }
  return fromMs;
}

function plain(word: string): string {
  return word.toLowerCase().replaceAll(/[^\p{L}\p{N}]/gu, "");
}
