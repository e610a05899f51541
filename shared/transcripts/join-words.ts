import { isIdeographic, isMostlyIdeographic, isUnspaced } from "./scripts.ts";

/** Marks that stand against what is before them, and such as stand against what follows. */
const CLOSING_ALONE = /^[\p{Pe}\p{Pf}.,!?:;%…‼⁇⁈⁉،؛؟۔।॥།༎။၊።፣፤៕։]+$/u;
const OPENING_ALONE = /^[\p{Ps}\p{Pi}¿¡]+$/u;

/** Whether one of two texts is nothing but marks that stand against the other. */
export function standsAlone(before: string, after: string): boolean {
  return CLOSING_ALONE.test(after) || OPENING_ALONE.test(before);
}

/**
 * What stands between two words of which no common source text is known. Where a script with spaces meets one without, it
 * depends on what they are part of: `isIdeographicText` says that this is mostly Han or kana.
 */
export function separatorBetween(before: string, after: string, isIdeographicText = false): "" | " " {
  if (standsAlone(before, after)) return "";
  // Two units hold the last and the first character, whatever it is: texts may be long.
  const [last = ""] = Array.from(before.slice(-2)).slice(-1);
  const [first = ""] = Array.from(after.slice(0, 2));
  if (isUnspaced(last) && isUnspaced(first)) return "";
  return isIdeographicText && (isIdeographic(last) || isIdeographic(first)) ? "" : " ";
}

/** Whether words bring their own spaces (" Hello"), as Whisper's tokens do: what has none then stands against the word before. */
export function bringSpaces(words: readonly string[]): boolean {
  return words.slice(1).some((word) => /^\s+\S/u.test(word));
}

/** The words of one piece of speech as their language writes them; as they are where they bring their own spaces. */
export function joinWords(words: readonly string[], doBringSpaces = bringSpaces(words)): string {
  if (doBringSpaces) return words.join("").replaceAll(/\s+/gu, " ").trim();
  const pieces = words.map((word) => word.trim()).filter((word) => word !== "");
  const isIdeographicText = isMostlyIdeographic(pieces.join(""));
  return joined(pieces, (before, after) => separatorBetween(before, after, isIdeographicText));
}

/** Texts one after another, such as segments: with a space between them, unless their script has none. */
export function joinTexts(texts: readonly string[]): string {
  const pieces = texts.map((text) => text.trim()).filter((text) => text !== "");
  return joined(pieces, (before, after) => separatorBetween(before, after));
}

function joined(pieces: readonly string[], between: (before: string, after: string) => string): string {
  return pieces.map((piece, index) => (index === 0 ? piece : between(pieces[index - 1] ?? "", piece) + piece)).join("");
}
