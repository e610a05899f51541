import { eastAsianWidth } from "get-east-asian-width";

const CLUSTERS = new Intl.Segmenter("und", { granularity: "grapheme" });

/** Drawn as a picture, whatever it is made of: an emoji, one with a skin or joined of several, a flag, a digit in a key. */
const PICTURE = /\p{Emoji_Presentation}|\p{Extended_Pictographic}\uFE0F|\p{RI}|\u20E3/u;

const MAYBE_PICTURE = /\p{Extended_Pictographic}|\p{RI}|\u20E3/u;

/** Takes no place of its own: marks on a letter, what only directs or joins, and the later parts of a Korean syllable. */
const NO_WIDTH = /[\p{M}\p{Cf}\u1160-\u11FF\uD7B0-\uD7FF]/u;

/** What a reader sees as one character. */
export function graphemes(text: string): readonly string[] {
  return Array.from(CLUSTERS.segment(text), ({ segment }) => segment);
}

/**
 * How wide a text stands on a line, in columns: a full-width character (UAX #11) and an emoji take two, a combining mark none,
 * everything else one.
 */
export function widthOf(text: string): number {
  if (/^[\u0020-\u02FF]*$/u.test(text)) return text.length;
  // Only pictures take less room than their parts: to look for clusters takes most of the time.
  if (!MAYBE_PICTURE.test(text)) return widthOfChars(text);
  let width = 0;
  for (const cluster of graphemes(text)) width += PICTURE.test(cluster) ? 2 : widthOfChars(cluster);
  return width;
}

function widthOfChars(text: string): number {
  let width = 0;
  for (const char of text) if (!NO_WIDTH.test(char)) width += eastAsianWidth(char.codePointAt(0) ?? 0);
  return width;
}
