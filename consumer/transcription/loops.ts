/** A phrase of a few words said this often in a row is a loop, not a refrain. The longer the phrase, the sooner. */
const LOOP_TIMES = 6;
const LONG_LOOP_TIMES = 4;
const LONG_PHRASE = 6;
/** As long a phrase as half a minute of speech has. */
const LOOP_WORDS = 60;

/** In a script without spaces, a loop is within a word, or in words of one character. */
const LOOP_CHARS = 40;

/** Whether a text says the same over and over. Case and punctuation do not count. */
export function loops(words: readonly string[]): boolean {
  const plain = words.map((word) => word.toLowerCase().replaceAll(/[\p{P}\p{S}]/gu, "")).filter((word) => word !== "");
  return (
    repeats(plain, LOOP_WORDS) ||
    // Words of whole sentences, as models give them where nothing separates words.
    plain.some((word) => word.length > LOOP_CHARS && repeats(Array.from(word), LOOP_CHARS))
  );
}

function repeats(pieces: readonly string[], longest: number): boolean {
  for (let period = 1; period <= Math.min(longest, pieces.length / 2); period += 1) {
    const times = period < LONG_PHRASE ? LOOP_TIMES : LONG_LOOP_TIMES;
    let same = 0;
    for (let index = period; index < pieces.length; index += 1) {
      same = pieces[index] === pieces[index - period] ? same + 1 : 0;
      if (same >= period * (times - 1)) return true;
    }
  }
  return false;
}
