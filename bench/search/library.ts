// The library to search: passages on forty topics, in artificial words, and queries about them.
import { between, createRandom, type Random } from "../../local/seeded-random.ts";
import { OTHER_WORD } from "./meaning.ts";

const SEED = 20261125;
const TOPICS = 40;
const WORDS_A_TOPIC = 30;
const COMMON_WORDS = 200;
const WORDS_A_PASSAGE = 90;
const WORDS_A_QUERY = 8;
/** The share of a passage's words that belong to its topic. */
const TOPIC_SHARE = 0.4;

const CONSONANTS = "bdfgklmnprstvz";
const VOWELS = "aeiou";

export interface Library {
  readonly texts: readonly string[];
  readonly queries: readonly string[];
  /** The same queries, in words with the same meaning that no passage contains. */
  readonly otherwise: readonly string[];
}

/** Make the library. It is the same each time. */
export function makeLibrary({ passages, queries }: { passages: number; queries: number }): Library {
  const random = createRandom(SEED, 0);
  const common = makeWords(random, COMMON_WORDS, 2);
  const topics = Array.from({ length: TOPICS }, () => makeWords(random, WORDS_A_TOPIC, 3));
  const topicOf = (index: number) => topics[index % TOPICS] ?? common;
  const texts = Array.from({ length: passages }, (_, index) =>
    sentence(WORDS_A_PASSAGE, () => any(random, random() < TOPIC_SHARE ? topicOf(index) : common)),
  );
  const asked = Array.from({ length: queries }, (_, index) =>
    sentence(WORDS_A_QUERY, () => any(random, topicOf(index))),
  );
  return { texts, queries: asked, otherwise: asked.map((query) => query.replaceAll(/\w+/g, `$&${OTHER_WORD}`)) };
}

function makeWords(random: Random, count: number, syllables: number): readonly string[] {
  const words = new Set<string>();
  while (words.size < count) {
    const word = Array.from({ length: syllables }, () => any(random, CONSONANTS) + any(random, VOWELS));
    words.add(word.join(""));
  }
  return [...words];
}

function sentence(words: number, next: () => string): string {
  return Array.from({ length: words }, next).join(" ");
}

function any(random: Random, of: readonly string[] | string): string {
  return of[between(random, 0, of.length - 1)] ?? "";
}
