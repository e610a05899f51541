import model from "wink-eng-lite-web-model";
import winkNLP from "wink-nlp";
import * as z from "zod";

import { PARTS_OF_SPEECH, type PartOfSpeech } from "./wordnet.ts";

export type Lemma = { readonly lemma: string; readonly pos: PartOfSpeech };

// The part of speech determines the root of a word: "bought" is "buy" as a verb.
const nlp = winkNLP(model, ["sbd", "pos"]);

// oxlint-disable-next-line typescript/unbound-method -- wink-nlp's `its` are names of what to read, not methods
const { lemma: itsLemma, pos, stopWordFlag } = nlp.its;
// wink-nlp's types declare `lemma` with another order of arguments; at run time it has that of the other accessors.
const lemma = itsLemma as unknown as typeof pos;

const Words = z.array(z.string());
const Flags = z.array(z.boolean());

/** Return the nouns, verbs and adjectives that carry meaning, in their dictionary form. */
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
