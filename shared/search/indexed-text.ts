// Text as the index of words reads it. FTS5 ends a word at what is no letter: a sentence without spaces would be one word. Each
// character of such a script therefore stands alone in the index, with its marks, and what is looked for is a phrase of them: any
// part of a text is found, of one character as well.

/** Letters of scripts without spaces, and of Korean, whose words end in particles. */
const ALONE =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}\p{Script=Tibetan}\u30FC]\p{M}*/gu;

/** U+200B: no letter to FTS5, nothing to a reader, and where it stands a line may break. */
const BREAK = "\u200B";

/** Half-width and full-width forms, which are other characters for the same letters. */
const FORMS = /[\uFF00-\uFFEF]+/gu;

/** The same letters in one form: those of Japanese keyboards, and Korean syllables that a Mac takes apart. */
export function foldForms(text: string): string {
  return text.normalize("NFC").replaceAll(FORMS, (forms) => forms.normalize("NFKC"));
}

/** A folded text with its characters apart where its script has no spaces. */
export function apart(folded: string): string {
  return folded.replaceAll(ALONE, (char) => BREAK + char + BREAK).replaceAll(/\u200B{2,}/gu, BREAK);
}

/** A text of the index as people read it. */
export function together(indexed: string): string {
  return indexed.replaceAll(BREAK, "");
}

/** A row has 2 MB, and a character apart takes six bytes where it took three. A passage has some hundred words. */
const MOST_CHARS = 20_000;

/** What is indexed in the place of a text; null where that is the text itself. */
export function indexedText(text: string): string | null {
  if (text.length > MOST_CHARS) return null;
  const indexed = apart(foldForms(text));
  return indexed === text ? null : indexed;
}

/** Whatever is written with a text that can be found. */
export function withIndexedText<Found extends { readonly text: string }>(
  found: Found,
): Found & { readonly indexedText: string | null } {
  return { ...found, indexedText: indexedText(found.text) };
}

/** The stretches of a folded text of letters: those whose characters stand alone in the index, and the others. */
export function stretchesOf(folded: string): readonly { readonly text: string; readonly isApart: boolean }[] {
  const stretches: { text: string; isApart: boolean }[] = [];
  let at = 0;
  const add = (text: string, isApart: boolean) => {
    if (text === "") return;
    const last = stretches.at(-1);
    if (last?.isApart === isApart) last.text += text;
    else stretches.push({ text, isApart });
  };
  for (const { 0: char, index } of folded.matchAll(ALONE)) {
    add(folded.slice(at, index), false);
    add(char, true);
    at = index + char.length;
  }
  add(folded.slice(at), false);
  return stretches;
}

/**
 * The pairs of characters of a Chinese or Korean word of three and more: a particle more or less (예산은, 예산을), or a word that
 * the dictionary takes for part of another one (北京大学), must not hide it. The word itself is in fewer passages, and ranks higher.
 */
export function pairsOf(word: string): readonly string[] {
  const chars = Array.from(word);
  if (chars.length < 3 || !/^[\p{Script=Han}\p{Script=Hangul}]+$/u.test(word)) return [];
  return chars.slice(1).map((char, index) => (chars[index] ?? "") + char);
}
