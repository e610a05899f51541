// Finds the places where a line may end. A line may end at a space. In a script without spaces it may end at a word boundary
// of Intl.Segmenter, which has dictionaries, if UAX #14 and JIS X 4051 allow a break there.
import { hasUnspaced, isUnspaced } from "../transcripts/scripts.ts";

const words = new Intl.Segmenter("und", { granularity: "word" });

/**
 * No line begins with one of these (JIS X 4051:2004, 8.1; UAX #14, classes CL, CP, EX, IS, NS, CJ, SA's repetition marks, and combining
 * marks): closing brackets and quotes, stops and commas, small kana, the mark of a long vowel, repetition marks, units such as %.
 */
const NO_START =
  /^[\p{M}\p{Pe}\p{Pf}\p{Cf}"'!?.,:;/%…‥‼⁇⁈⁉‐–〜゠°′″‰℃¢、。，．・：；！？％／､｡･ー\uFF70\uFF9E\uFF9F々〻ヽヾゝゞぁぃぅぇぉっゃゅょゎゕゖァィゥェォッャュョヮヵヶㇰ-ㇿｧ-ｯ،؛؟۔।॥ๆฯໆຯៗ។៕៖၊။་༌།༎༏༐༑༔]/u;

/** No line ends with one of these: opening brackets and quotes, and signs before a number or a name. */
const NO_END = /[\p{Ps}\p{Pi}"'¿¡£¥$￥＄￡№#@]$/u;

/** These join the characters on both sides: the word joiner, its older form, and the joiner of emoji. */
const JOINERS: ReadonlySet<string> = new Set(["\u2060", "\uFEFF", "\u200D"]);

/** Writers use it for word boundaries in scripts without spaces. */
const ZERO_WIDTH_SPACE = "\u200B";

/** Two of these in a row are one mark. */
const PAIRED = /^[—―…‥]$/u;

/** Whether a line may end with the first text, so that the next line begins with the second. */
export function isBreakable(before: string, after: string): boolean {
  const last = lastOf(before);
  const first = firstOf(after);
  return !NO_START.test(first) && !NO_END.test(last) && !JOINERS.has(last) && !(last === first && PAIRED.test(first));
}

/** Return the last character of a text, or the first one. A character may have two UTF-16 units. */
export function lastOf(text: string): string {
  return Array.from(text.slice(-2)).at(-1) ?? "";
}

export function firstOf(text: string): string {
  return Array.from(text.slice(0, 2))[0] ?? "";
}

/** A part of a text, `text.slice(start, end)`, that is split only if it is longer than a line. */
export interface Atom {
  readonly start: number;
  readonly end: number;
  /** The separator before it in the text. */
  readonly separator: "" | " ";
}

/** Split a text, whose spaces are single, at its spaces and at the word boundaries of scripts without spaces. */
export function atomsOf(text: string): readonly Atom[] {
  const atoms: Atom[] = [];
  for (const { 0: token, index } of text.matchAll(/[^ ]+/gu)) {
    let separator: Atom["separator"] = index === 0 ? "" : " ";
    let start = index;
    for (const end of hasUnspaced(token) ? endsIn(token) : [token.length]) {
      atoms.push({ start, end: index + end, separator });
      start = index + end;
      separator = "";
    }
  }
  return atoms;
}

function endsIn(token: string): readonly number[] {
  const ends: number[] = [];
  for (const { index } of words.segment(token)) {
    if (index === 0) continue;
    const before = lastOf(token.slice(0, index));
    const after = firstOf(token.slice(index));
    const isBetweenWords = isUnspaced(before) || isUnspaced(after) || before === ZERO_WIDTH_SPACE;
    if (isBetweenWords && isBreakable(before, after)) ends.push(index);
  }
  return [...ends, token.length];
}
