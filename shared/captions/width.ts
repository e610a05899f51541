import { eastAsianWidth } from "get-east-asian-width";

const CLUSTERS = new Intl.Segmenter("und", { granularity: "grapheme" });

/** A cluster with one of these is drawn as one picture: an emoji, also with a skin tone or joined of several, a flag, a keycap. */
const PICTURE = /\p{Emoji_Presentation}|\p{Extended_Pictographic}\uFE0F|\p{RI}|\u20E3/u;

const MAYBE_PICTURE = /\p{Extended_Pictographic}|\p{RI}|\u20E3/u;

/** These have no width: combining marks, format characters, and the later parts of a decomposed Korean syllable. */
const NO_WIDTH = /[\p{M}\p{Cf}\u1160-\u11FF\uD7B0-\uD7FF]/u;

/** Split a text into the units that a reader sees as one character. */
export function graphemes(text: string): readonly string[] {
  return Array.from(CLUSTERS.segment(text), ({ segment }) => segment);
}

/**
 * Return the width of a text in columns: a full-width character (UAX #11) and an emoji have two, a combining mark has none, and
 * any other character has one.
 */
export function widthOf(text: string): number {
  if (/^[\u0020-\u02FF]*$/u.test(text)) return text.length;
  // Only pictures are narrower than their parts, and finding clusters is slow.
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
