import { isIdeographic, isMostlyIdeographic, isUnspaced } from "./scripts.ts";

/** Words that are only punctuation: no space comes before the first kind, and none after the second. */
const CLOSING_ALONE = /^[\p{Pe}\p{Pf}.,!?:;%…‼⁇⁈⁉،؛؟۔।॥།༎။၊።፣፤៕։]+$/u;
const OPENING_ALONE = /^[\p{Ps}\p{Pi}¿¡]+$/u;

/** Return whether one of two texts is only punctuation that takes no space on the side of the other. */
export function standsAlone(before: string, after: string): boolean {
  return CLOSING_ALONE.test(after) || OPENING_ALONE.test(before);
}

/**
 * Return what separates two words whose source text is not known. Between a script with spaces and Han or kana, the surrounding
 * text decides: `isIdeographicText` says that it is mostly Han or kana.
 */
export function separatorBetween(before: string, after: string, isIdeographicText = false): "" | " " {
  if (standsAlone(before, after)) return "";
  // Two UTF-16 units contain the last and the first character. The texts may be long.
  const [last = ""] = Array.from(before.slice(-2)).slice(-1);
  const [first = ""] = Array.from(after.slice(0, 2));
  if (isUnspaced(last) && isUnspaced(first)) return "";
  return isIdeographicText && (isIdeographic(last) || isIdeographic(first)) ? "" : " ";
}

/** Return whether words have their own spaces (" Hello"), as Whisper's tokens do. A word without one then belongs to the word before. */
export function bringSpaces(words: readonly string[]): boolean {
  return words.slice(1).some((word) => /^\s+\S/u.test(word));
}

/** Join the words of one segment by the rules of their scripts. Words that have their own spaces keep them. */
export function joinWords(words: readonly string[], doBringSpaces = bringSpaces(words)): string {
  if (doBringSpaces) return words.join("").replaceAll(/\s+/gu, " ").trim();
  const pieces = words.map((word) => word.trim()).filter((word) => word !== "");
  const isIdeographicText = isMostlyIdeographic(pieces.join(""));
  return joined(pieces, (before, after) => separatorBetween(before, after, isIdeographicText));
}

/** Join whole texts, such as segments, with a space between two texts unless both scripts have none. */
export function joinTexts(texts: readonly string[]): string {
  const pieces = texts.map((text) => text.trim()).filter((text) => text !== "");
  return joined(pieces, (before, after) => separatorBetween(before, after));
}

function joined(pieces: readonly string[], between: (before: string, after: string) => string): string {
  return pieces.map((piece, index) => (index === 0 ? piece : between(pieces[index - 1] ?? "", piece) + piece)).join("");
}
