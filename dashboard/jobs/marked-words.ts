// The words of a search that are marked in what it has found.

const UNSPACED =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}]/u;
const dictionary = new Intl.Segmenter(undefined, { granularity: "word" });

/** The longest word comes first: a whole phrase is marked as one. A phrase without spaces is followed by its own words. */
export function markedWords(question: string): readonly string[] {
  const runs: readonly string[] = question.normalize("NFC").match(/[\p{L}\p{N}][\p{L}\p{N}\p{M}]*/gu) ?? [];
  const words = runs.flatMap((run) =>
    UNSPACED.test(run) ? [run, ...Array.from(dictionary.segment(run), ({ segment }) => segment)] : [run],
  );
  // A particle or a single character would be marked everywhere, unless the question is nothing else.
  const telling = words.filter((word) => runs.includes(word) || !/^(?:\p{Script=Hiragana}{1,2}|.)$/u.test(word));
  return [...new Set(telling)]
    .filter((word) => word.length > 1 || UNSPACED.test(word))
    .toSorted((one, other) => other.length - one.length);
}
