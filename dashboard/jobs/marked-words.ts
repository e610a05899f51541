// Finds the words of a search that are marked in its hits.

const UNSPACED =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}]/u;
const dictionary = new Intl.Segmenter(undefined, { granularity: "word" });

/** Return the words to mark, longest first, so that a whole phrase is marked as one. A phrase without spaces is also split into words. */
export function markedWords(question: string): readonly string[] {
  const typed = question.normalize("NFC");
  // A passage is shown either as indexed, where full-width letters have the usual width, or as it was written.
  const folded = typed.replaceAll(/[\uFF00-\uFFEF]+/gu, (forms) => forms.normalize("NFKC")).normalize("NFC");
  const runs = [...new Set([folded, typed])].flatMap(
    (text): readonly string[] => text.match(/[\p{L}\p{N}][\p{L}\p{N}\p{M}]*/gu) ?? [],
  );
  const words = runs.flatMap((run) =>
    UNSPACED.test(run) ? [run, ...Array.from(dictionary.segment(run), ({ segment }) => segment)] : [run],
  );
  // Leave out particles and single characters, which would be marked everywhere, unless the question has nothing else.
  const telling = words.filter((word) => runs.includes(word) || !/^(?:\p{Script=Hiragana}{1,2}|.)$/u.test(word));
  return [...new Set(telling)]
    .filter((word) => word.length > 1 || UNSPACED.test(word))
    .toSorted((one, other) => other.length - one.length);
}
