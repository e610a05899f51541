// Prepares text for the index of words. FTS5 ends a word only at a character that is not a letter, so a sentence without spaces would
// be one word. Each character of such a script is therefore a word of its own in the index, with its marks. A query is a phrase of
// characters, and finds any part of a text, even a single character.

/** A letter of a script without spaces, or of Korean, whose words end in particles, with its marks. */
const ALONE =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}\p{Script=Tibetan}\u30FC]\p{M}*/gu;

/** A character that FTS5 does not count as a letter and that is invisible to readers. */
const BREAK = "\u200B";

/** Half-width and full-width forms of letters. */
const FORMS = /[\uFF00-\uFFEF]+/gu;

/**
 * Most writers leave these out: the vowel points of Hebrew and Arabic, the stroke that stretches an Arabic word, and the characters
 * that select a variant of the letter before. U+FE0F is not among them, because it makes a picture of a sign.
 */
const OPTIONAL =
  /\u0640|[\u0591-\u05BD\u05BF\u05C1\u05C2\u05C4\u05C5\u05C7\u0610-\u061A\u064B-\u0652\u0656-\u065F\u0670\u06D6-\u06DC\u06DF-\u06E4\u06E7\u06E8\u06EA-\u06ED\uFE00-\uFE0E\u{E0100}-\u{E01EF}]/gu;

/**
 * Replace half-width and full-width forms, compose letters, and remove optional marks. macOS decomposes Korean syllables in file names,
 * and a half-width mark may follow a full-width letter.
 */
export function foldForms(text: string): string {
  return text
    .normalize("NFC")
    .replaceAll(FORMS, (forms) => forms.normalize("NFKC"))
    .replaceAll(OPTIONAL, "")
    .normalize("NFC");
}

/** U+FE0F and the marks after it, as in ❤️ and 1️⃣. FTS5 would take them for the beginning of the word that follows. */
const PICTURE_MARKS = /\uFE0F\p{M}*/gu;

/** Separate the characters of scripts without spaces, and the marks of pictures, in a folded text. */
export function apart(folded: string): string {
  return folded
    .replaceAll(ALONE, (char) => BREAK + char + BREAK)
    .replaceAll(PICTURE_MARKS, (marks) => BREAK + marks + BREAK)
    .replaceAll(/\u200B{2,}/gu, BREAK);
}

/** Turn an indexed text back into one that people read. */
export function together(indexed: string): string {
  return indexed.replaceAll(BREAK, "");
}

/** A row has at most 2 MB, and a separated character has six bytes instead of three. A passage has about a hundred words. */
const MOST_CHARS = 20_000;

/** Return what is indexed in place of a text, or null if that is the text itself. */
export function indexedText(text: string): string | null {
  if (text.length > MOST_CHARS) return null;
  const indexed = apart(foldForms(text));
  return indexed === text ? null : indexed;
}

export type Indexed<Found> = Found & { readonly indexedText: string | null };

/** Add the indexed text to a passage that is about to be stored. */
export function withIndexedText<Found extends { readonly text: string }>(found: Found): Indexed<Found> {
  return { ...found, indexedText: indexedText(found.text) };
}

/** Split a folded text into stretches whose characters stand alone in the index, and the stretches between them. */
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
 * Return the pairs of characters of a Chinese or Korean word of three or more. They find a word with another particle (예산은,
 * 예산을), and a word that the dictionary sees as a part of a longer one (北京大学). A match of the whole word ranks higher.
 */
export function pairsOf(word: string): readonly string[] {
  const chars = Array.from(word);
  if (chars.length < 3 || !/^[\p{Script=Han}\p{Script=Hangul}]+$/u.test(word)) return [];
  return chars.slice(1).map((char, index) => (chars[index] ?? "") + char);
}
