// A text as sentences, with their stems. A line also counts as a sentence: a recogniser writes no punctuation.
import { contentStems, splitSentences, toTokens } from "./words.ts";

export type Sentence = {
  readonly text: string;
  /** The time stamp of its line, such as `[00:12]`. */
  readonly stamp: string | null;
  readonly stems: readonly string[];
};

/** A recording written as one line has no other place to split. */
const MOST_TOKENS = 40;

const STAMPED = /^\s*(\[(?:\d+:)?\d{1,2}:\d{2}(?:\.\d+)?\])?\s*(.*)$/;

export function readSentences(material: string): readonly Sentence[] {
  return material.split(/\r?\n/).flatMap((line) => {
    const [, stamp = null, words = ""] = STAMPED.exec(line) ?? [];
    return (
      splitSentences(words)
        .flatMap(breakLong)
        // A line without letters or digits, such as a rule or a fence, has no content.
        .filter((text) => /[\p{L}\p{N}]/u.test(text))
        .map((text) => ({ text, stamp, stems: contentStems(text) }))
    );
  });
}

function breakLong(sentence: string): readonly string[] {
  const tokens = toTokens(sentence);
  const parts = Math.ceil(tokens.length / MOST_TOKENS);
  const length = Math.ceil(tokens.length / parts);
  return Array.from({ length: parts }, (_, part) =>
    tokens
      .slice(part * length, (part + 1) * length)
      .join("")
      .trim(),
  );
}

/** Write sentences as prose: a capital first and a full stop last, which a recogniser leaves out. */
export function asProse(sentences: readonly Sentence[]): string {
  return sentences
    .map(({ text }) => text.charAt(0).toUpperCase() + text.slice(1))
    .map((text) => (/[.!?…]["')\]”’]*$/.test(text) ? text : `${text.replace(/[,;:]$/, "")}.`))
    .join(" ");
}
