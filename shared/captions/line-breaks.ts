// Where a line may end. Between words a space says it; scripts without spaces have their words looked up in Intl.Segmenter's
// dictionaries, and of the places between them those are taken that UAX #14 and JIS X 4051 allow.
import { hasUnspaced, isUnspaced } from "../transcripts/scripts.ts";

const words = new Intl.Segmenter("und", { granularity: "word" });

/**
 * No line begins with these (JIS X 4051:2004, 8.1; UAX #14, classes CL, CP, EX, IS, NS, CJ, SA's repetition marks, and combining
 * marks): closing brackets and quotes, stops and commas, small kana, the mark of a long vowel, repetition marks, units such as %.
 */
const NO_START =
  /^[\p{M}\p{Pe}\p{Pf}\p{Cf}"'!?.,:;/%…‥‼⁇⁈⁉‐–〜゠°′″‰℃¢、。，．・：；！？％／､｡･ー\uFF70\uFF9E\uFF9F々〻ヽヾゝゞぁぃぅぇぉっゃゅょゎゕゖァィゥェォッャュョヮヵヶㇰ-ㇿｧ-ｯ،؛؟۔।॥ๆฯໆຯៗ។៕៖၊။་༌།༎༏༐༑༔]/u;

/** No line ends with these: opening brackets and quotes, and what stands before a number or a name. */
const NO_END = /[\p{Ps}\p{Pi}"'¿¡£¥$￥＄￡№#@]$/u;

/** Joins what stands on both sides: the word joiner, the old one, and the joiner of emoji. */
const JOINERS: ReadonlySet<string> = new Set(["\u2060", "\uFEFF", "\u200D"]);

/** Says where a line may end, in scripts that show nothing there. */
const ZERO_WIDTH_SPACE = "\u200B";

/** Two of them are one mark. */
const PAIRED = /^[—―…‥]$/u;

/** Whether a line may end with the one text and the next line begin with the other. */
export function isBreakable(before: string, after: string): boolean {
  const last = lastOf(before);
  const first = firstOf(after);
  return !NO_START.test(first) && !NO_END.test(last) && !JOINERS.has(last) && !(last === first && PAIRED.test(first));
}

/** The character that a text ends with, and the one that it begins with, of however many units. */
export function lastOf(text: string): string {
  return Array.from(text.slice(-2)).at(-1) ?? "";
}

export function firstOf(text: string): string {
  return Array.from(text.slice(0, 2))[0] ?? "";
}

/** A part of a text that a line never breaks, unless it is longer than the line: `text.slice(start, end)`. */
export interface Atom {
  readonly start: number;
  readonly end: number;
  /** What the text has in front of it. */
  readonly separator: "" | " ";
}

/** The parts of a text that has single spaces at most: what stands between spaces, and the words of scripts without them. */
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
