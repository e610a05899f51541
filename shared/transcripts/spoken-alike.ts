/** How likely two transcribed words are the same word. */
export type Likeness = "same" | "alike" | "unlike";

/** Return a word without case, punctuation and Unicode variants. A word that is only a sign ("♪") keeps it. */
export function normalizeWord(text: string): string {
  const folded = text.normalize("NFKC").toLowerCase().trim();
  return folded.replaceAll(/[^\p{L}\p{N}\p{M}]+/gu, "") || folded;
}

/** Compare two normalised words: "ok" and "okay", "20" and "twenty", "straddle" cut to "addle" are alike. */
export function likeness(left: string, right: string): Likeness {
  if (left === right) return "same";
  if (left === "" || right === "") return "unlike";
  if (/\p{N}/u.test(left) !== /\p{N}/u.test(right)) return "alike";
  const [short, long] = left.length < right.length ? [left, right] : [right, left];
  if (short.length >= 3 && (long.endsWith(short) || long.startsWith(short))) return "alike";
  // A word whose beginning was cut off gets another beginning: "sentiment" becomes "exentiment".
  if (commonEnd(left, right) >= Math.max(4, 0.6 * long.length)) return "alike";
  if (left.charAt(0) !== right.charAt(0)) return "unlike";
  const common = commonLetters(left, right);
  const isAbbreviation = short.length >= 2 && common === short.length; // "dr" of "doctor"
  return isAbbreviation || common >= 0.3 * (left.length + right.length) ? "alike" : "unlike";
}

function commonEnd(left: string, right: string): number {
  let length = 0;
  while (length < Math.min(left.length, right.length) && left.at(-1 - length) === right.at(-1 - length)) length += 1;
  return length;
}

/** Return the length of the longest common subsequence. */
function commonLetters(left: string, right: string): number {
  let previous = Array.from({ length: right.length + 1 }, () => 0);
  for (const letter of left) {
    const row = [0];
    for (let index = 0; index < right.length; index += 1) {
      const isSame = right.charAt(index) === letter;
      row.push(isSame ? (previous[index] ?? 0) + 1 : Math.max(previous[index + 1] ?? 0, row[index] ?? 0));
    }
    previous = row;
  }
  return previous[right.length] ?? 0;
}
