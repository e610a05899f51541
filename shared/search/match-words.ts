/** A search has a thousand characters at most: this is for words of one letter, and a bound on what FTS5 has to parse. */
const MAX_WORDS = 200;

/**
 * English words that say nothing by themselves. bm25 finds out which are everywhere, but only where there are many
 * passages: among ten, an "in" that one of them has looks rare.
 */
const FUNCTION_WORDS: ReadonlySet<string> = new Set(
  `a about all am an and any are as at be been but by can could did do does for from had has have he her him his how i if
  in into is it its just me my no not of on or our she should so some that the their them then there these they this
  those to up us was we were what when where which who why will with would you your`.split(/\s+/),
);

/**
 * What people typed, as an FTS5 query in which no part of it is syntax: each word is a quoted string. Any of the words
 * will do; how many of them, and how rare they are, is what the ranking is about. Null where nothing could be looked for.
 */
export function matchWords(ownerId: string, text: string): string | null {
  // Nearly FTS5's own idea of a word. It takes a word apart further if it likes: the parts then have to stand together.
  const words = new Set(text.match(/[\p{L}\p{N}][\p{L}\p{N}\p{M}]*/gu));
  if (words.size === 0) return null;
  const telling = [...words].filter((word) => !FUNCTION_WORDS.has(word.toLowerCase()));
  const any = (telling.length > 0 ? telling : [...words])
    .slice(0, MAX_WORDS)
    .map((word) => `"${word}"`)
    .join(" OR ");
  return `owner : "${hex(ownerId)}" AND text : (${any})`;
}

/** As SQLite's own `hex`, which makes the owner's token. */
function hex(text: string): string {
  return new TextEncoder().encode(text).toHex();
}
