import model from "wink-eng-lite-web-model";
import winkNLP from "wink-nlp";
import * as z from "zod";

import { PARTS_OF_SPEECH, type PartOfSpeech } from "./wordnet.ts";

export type Lemma = { readonly lemma: string; readonly pos: PartOfSpeech };

// Parts of speech tell a word's form from its root: "bought" is "buy" as a verb.
const nlp = winkNLP(model, ["sbd", "pos"]);

// oxlint-disable-next-line typescript/unbound-method -- wink-nlp's `its` are names of what to read, not methods
const { lemma: itsLemma, pos, stopWordFlag } = nlp.its;
// Its types name the arguments in another order than `out` does; at run time it is one of the others.
const lemma = itsLemma as unknown as typeof pos;

const Words = z.array(z.string());
const Flags = z.array(z.boolean());

/** The nouns, verbs and adjectives that carry meaning, in their first form. */
export function contentLemmas(text: string): readonly Lemma[] {
  const tokens = nlp.readDoc(text).tokens();
  const lemmas = Words.parse(tokens.out(lemma));
  const stopped = Flags.parse(tokens.out(stopWordFlag));
  return Words.parse(tokens.out(pos)).flatMap((tag, index) => {
    const known = PARTS_OF_SPEECH.find((each) => each === tag.toLowerCase());
    const word = lemmas[index];
    return known === undefined || word === undefined || stopped[index] === true ? [] : { lemma: word, pos: known };
  });
}
