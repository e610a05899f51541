// No language is given: the rules differ little, and for scripts without spaces the segmenter has dictionaries.
const sentences = new Intl.Segmenter("und", { granularity: "sentence" });
const words = new Intl.Segmenter("und", { granularity: "word" });

export function countWords(text: string): number {
  let count = 0;
  for (const { isWordLike } of words.segment(text)) if (isWordLike === true) count += 1;
  return count;
}

/** Return the sentences of a text. A sentence of more than `maxWords` words is divided into parts of that length. */
export function sentencesOf(text: string, maxWords: number): readonly string[] {
  return Array.from(sentences.segment(text), ({ segment }) => segment.trim())
    .filter((sentence) => sentence !== "")
    .flatMap((sentence) => (countWords(sentence) <= maxWords ? [sentence] : inParts(sentence, maxWords)));
}

function inParts(sentence: string, maxWords: number): readonly string[] {
  const parts: string[] = [];
  let part = "";
  let count = 0;
  for (const { segment, isWordLike } of words.segment(sentence)) {
    if (isWordLike === true && count === maxWords) {
      parts.push(part.trim());
      [part, count] = ["", 0];
    }
    part += segment;
    if (isWordLike === true) count += 1;
  }
  return [...parts, part.trim()].filter((text) => text !== "");
}
