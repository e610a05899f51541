import type { Word } from "../../shared/transcripts/transcript.ts";
import { round } from "../report.ts";
import type { Recording } from "./corpus.ts";
import type { Piped } from "./pipeline.ts";
import { align, NEAR_SEAM_MS, timedWords } from "./score.ts";

/** How many words that are the same separate two differences. */
const WORDS_BETWEEN = 2;

/** Tell each difference between the pipeline and the single call in a line: when, how far from a seam, and the words of both. */
export function differencesIn(
  { sentences }: Recording,
  whole: readonly Word[],
  { words, seamsMs }: Pick<Piped, "words" | "seamsMs">,
): readonly string[] {
  const piped = timedWords(words);
  const pairs = align(
    whole.map(({ text }) => text),
    piped.map(({ text }) => text),
  );
  const groups: { from: number; to: number }[] = [];
  for (const [at, pair] of pairs.entries()) {
    if (pair.type === "same") continue;
    const last = groups.at(-1);
    if (last !== undefined && at - last.to <= WORDS_BETWEEN) last.to = at + 1;
    else groups.push({ from: at, to: at + 1 });
  }
  return groups.map(({ from, to }) => {
    const group = pairs.slice(from, to);
    const ofWhole = group.flatMap((pair) => (pair.type === "added" ? [] : [whole[pair.reference]])).filter(isWord);
    const ofPiped = group.flatMap((pair) => (pair.type === "lost" ? [] : [piped[pair.found]])).filter(isWord);
    const [first] = [...ofWhole, ...ofPiped].toSorted((one, other) => one.startMs - other.startMs);
    const startMs = first?.startMs ?? 0;
    const endMs = Math.max(startMs, ...[...ofWhole, ...ofPiped].map((word) => word.endMs));
    const seamMs = seamsMs.find((ms) => ms > startMs - NEAR_SEAM_MS && ms < endMs + NEAR_SEAM_MS);
    const said = sentences.filter((one) => one.startMs < endMs && one.endMs > startMs).map(({ text }) => text);
    const place = seamMs === undefined ? "" : `, seam at ${round(seamMs / 1000, 1)} s`;
    return `  ${round(startMs / 1000, 1)} s${place}: [${textOf(ofWhole)}] became [${textOf(ofPiped)}]; said: ${said.join(" ")}`;
  });
}

function isWord(word: Word | undefined): word is Word {
  return word !== undefined;
}

function textOf(words: readonly Word[]): string {
  return words.map(({ text }) => text).join(" ");
}
