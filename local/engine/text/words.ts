// Words, punctuation, sentences and stems (Porter's second algorithm), as wink-nlp reads them: 60,000 words a second.
import model from "wink-eng-lite-web-model";
import winkNLP, { type ItemSentence, type ItemToken } from "wink-nlp";
import * as z from "zod";

import { foldForms, stretchesOf } from "../../../shared/search/indexed-text.ts";
import { wordsIn } from "../../../shared/transcripts/scripts.ts";

// Sentence boundaries only: tags and entities take most of its time, and are not used here.
const nlp = winkNLP(model, ["sbd"]);

// oxlint-disable-next-line typescript/unbound-method -- wink-nlp's `its` are names of what to read, not methods
const { precedingSpaces, stem: itsStem, stopWordFlag, type } = nlp.its;
// wink-nlp's types declare `stem` with another order of arguments; at run time it has that of the other accessors.
const stem = itsStem as unknown as typeof precedingSpaces;

const Words = z.array(z.string());
const Flags = z.array(z.boolean());

/** A run of characters without a blank, such as base64. The work of wink-nlp grows with its square. Words and most addresses are shorter. */
const LONG_RUN = /\S{100}(?=\S)/gu;

/** The same, except in scripts that have no blanks: wink-nlp splits those quickly, and their sentences must stay whole. */
const LONG_SPACED_RUN =
  /[^\s\p{sc=Han}\p{sc=Hiragana}\p{sc=Katakana}\p{sc=Thai}\p{sc=Lao}\p{sc=Khmer}\p{sc=Myanmar}]{100}(?=\S)/gu;

/** Cut a text only inside its long runs. Joined, the parts give the text again. */
function readableParts(text: string): readonly string[] {
  const ends = [...text.matchAll(LONG_SPACED_RUN)].map(({ 0: run, index }) => index + run.length);
  return [...ends, text.length].map((end, index) => text.slice(ends[index - 1] ?? 0, end));
}

/** Split into words, punctuation and line breaks, each with the blanks before it. Joined, they give the text again. */
export function toTokens(text: string): readonly string[] {
  const tokens: string[] = [];
  for (const part of readableParts(text)) {
    nlp
      .readDoc(part)
      .tokens()
      .each((token: ItemToken) => tokens.push(`${token.out(precedingSpaces)}${token.out()}`));
  }
  return tokens;
}

/** Count words and punctuation, which are charged as tokens. A model's own tokens, parts of words, would be a few more. */
export function countTokens(text: string): number {
  return readableParts(text).reduce((count, part) => count + nlp.readDoc(part).tokens().length(), 0);
}

/** Split into sentences. A text without punctuation is one sentence. */
export function splitSentences(text: string): readonly string[] {
  const sentences: string[] = [];
  for (const part of readableParts(text)) {
    nlp
      .readDoc(part)
      .sentences()
      .each((sentence: ItemSentence) => sentences.push(sentence.out()));
  }
  return sentences;
}

/** Put spaces between all words of a text, because the tokenizer finds no others. */
function spaced(text: string): string {
  return stretchesOf(foldForms(text))
    .map(({ text: stretch, isApart }) => (isApart ? ` ${wordsIn(stretch).join(" ")} ` : stretch))
    .join("");
}

/**
 * Return the stems of the words and numbers that carry meaning, in order. A dictionary finds the words of a script without
 * spaces.
 */
export function contentStems(text: string): readonly string[] {
  const tokens = nlp.readDoc(spaced(text.toLowerCase()).replaceAll(LONG_RUN, "$& ")).tokens();
  const words = Words.parse(tokens.out());
  const stems = Words.parse(tokens.out(stem));
  const stopped = Flags.parse(tokens.out(stopWordFlag));
  return Words.parse(tokens.out(type)).flatMap((kind, index) => {
    if (stopped[index] === true || !/[\p{L}\p{N}]/u.test(words[index] ?? "")) return [];
    // The stemmer handles only words: it turns 3.5 into "y.5".
    return (kind === "word" ? stems[index] : words[index]) ?? [];
  });
}
