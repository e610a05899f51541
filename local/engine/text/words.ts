// Words, marks, sentences and stems (Porter's second algorithm), as wink-nlp reads them: 60,000 words a second.
import model from "wink-eng-lite-web-model";
import winkNLP, { type ItemSentence, type ItemToken } from "wink-nlp";
import * as z from "zod";

// Sentence boundaries alone: tags and entities take most of its time, and nobody here reads them.
const nlp = winkNLP(model, ["sbd"]);

// oxlint-disable-next-line typescript/unbound-method -- wink-nlp's `its` are names of what to read, not methods
const { precedingSpaces, stem: itsStem, stopWordFlag, type } = nlp.its;
// Its types name the arguments in another order than `out` does; at run time it is one of the others.
const stem = itsStem as unknown as typeof precedingSpaces;

const Words = z.array(z.string());
const Flags = z.array(z.boolean());

/** Words, marks and line breaks, each with the blanks before it: joined, they are the text again. */
export function toTokens(text: string): readonly string[] {
  const tokens: string[] = [];
  nlp
    .readDoc(text)
    .tokens()
    .each((token: ItemToken) => tokens.push(`${token.out(precedingSpaces)}${token.out()}`));
  return tokens;
}

/** Words and marks: what is charged for. A model's own pieces of words would be a few more. */
export function countTokens(text: string): number {
  return nlp.readDoc(text).tokens().length();
}

/** Without sentence marks a text is one sentence. */
export function splitSentences(text: string): readonly string[] {
  const sentences: string[] = [];
  nlp
    .readDoc(text)
    .sentences()
    .each((sentence: ItemSentence) => sentences.push(sentence.out()));
  return sentences;
}

/** The stems of the words and figures that carry meaning, in order. */
export function contentStems(text: string): readonly string[] {
  const tokens = nlp.readDoc(text.toLowerCase()).tokens();
  const words = Words.parse(tokens.out());
  const stems = Words.parse(tokens.out(stem));
  const stopped = Flags.parse(tokens.out(stopWordFlag));
  return Words.parse(tokens.out(type)).flatMap((kind, index) => {
    if (stopped[index] === true || !/[\p{L}\p{N}]/u.test(words[index] ?? "")) return [];
    // The stemmer knows words alone: it makes "y.5" of 3.5.
    return (kind === "word" ? stems[index] : words[index]) ?? [];
  });
}
