import { wordsIn } from "../transcripts/scripts.ts";
import { apart, foldForms, pairsOf, stretchesOf } from "./indexed-text.ts";

/** More words than this do not make a query clearer, and SQLite limits the depth of a query. */
const MAX_WORDS = 200;

/** A longer stretch of text without spaces is a sentence, and is not searched as a whole. */
const MAX_PHRASE_CHARS = 20;

/**
 * English, Chinese, Japanese and Thai words that mean nothing by themselves. Scoring gives common words little weight, but only if
 * there are many passages: an "in" that only one of ten passages has looks rare.
 */
const FUNCTION_WORDS: ReadonlySet<string> = new Set(
  `a about all am an and any are as at be been but by can could did do does for from had has have he her him his how i if
  in into is it its just me my no not of on or our she should so some that the their them then there these they this
  those to up us was we were what when where which who why will with would you your
  的 了 是 在 我 你 他 她 它 们 这 那 和 与 也 就 都 不 有 吗 呢 吧 啊 把 被 给 对 我们 你们 他们 什么 怎么 这个 那个
  は が を に で と も の へ や か ね よ な て た だ から まで です ます でした ました する した して いる ある こと もの これ それ この その
  ที่ และ ของ ใน เป็น มี ได้ ให้ ไม่ ก็ จะ ว่า กับ แต่ หรือ นี้ นั้น ครับ ค่ะ`.split(/\s+/),
);

/** A query of a person, prepared for FTS5. Each word is a quoted string, so that no part of it is syntax. */
export interface Words {
  /** The FTS5 query that matches every passage of the owner. */
  readonly owner: string;
  readonly words: readonly string[];
}

/** Return the words that are worth searching for; null if there are none. */
export function matchWords(ownerId: string, text: string): Words | null {
  // Almost FTS5's own definition of a word. FTS5 may divide a word further; the parts must then be adjacent.
  const runs = foldForms(text).match(/[\p{L}\p{N}][\p{L}\p{N}\p{M}]*/gu) ?? [];
  const words = new Set(runs.flatMap(wordsOf));
  if (words.size === 0) return null;
  const telling = [...words].filter((word) => !FUNCTION_WORDS.has(word.toLowerCase()));
  const chosen = (telling.length > 0 ? telling : [...words]).slice(0, MAX_WORDS);
  return { owner: `owner : "${hex(ownerId)}"`, words: chosen.map((word) => `"${apart(word)}"`) };
}

/** Return the FTS5 query for the owner's passages that have any of the words, or all of them. */
export function matchText({ owner, words }: Words, operator: "AND" | "OR"): string {
  return `${owner} AND text : (${words.join(` ${operator} `)})`;
}

/**
 * Return the words between spaces. For text without spaces, return the whole, also where scripts meet (GPT模型), its words, and pairs of
 * characters of long words.
 */
function wordsOf(run: string): readonly string[] {
  const stretches = stretchesOf(run);
  const words = stretches.flatMap(({ text, isApart }) => {
    if (!isApart) return [text];
    const own = wordsIn(text);
    return [...phraseOf(text, own.length), ...own.flatMap((word) => [word, ...pairsOf(word)])];
  });
  return stretches.length > 1 ? [...phraseOf(run, words.length), ...words] : words;
}

function phraseOf(text: string, wordCount: number): readonly string[] {
  return wordCount > 1 && Array.from(text).length <= MAX_PHRASE_CHARS ? [text] : [];
}

/** The same as SQLite's `hex`, which makes the owner's token. */
function hex(text: string): string {
  return new TextEncoder().encode(text).toHex();
}
