// Speakers whose words and times are all known, and chunks that transcribe them a little early or late.
import { type HeardChunk, mergeChunks } from "../../shared/transcripts/merge-chunks.ts";
import type { Word } from "../../shared/transcripts/transcript.ts";
import { pick, seeded } from "../../test/scripted-speaker.ts";

const SPEAKERS = 5;
const WORDS_PER_SECOND = 2.5;
const WORD_MS = 300;
const JITTER_MS = 150;
/** Each speaker begins a little later, so that a cut falls elsewhere in the words. */
const PHASE_MS = 70;

// Few enough that every overlap has repeated words.
const VOCABULARY =
  "the a of to and in is it you that he was for on are with as his they be at one have this from by hot but some what there we can out other were all your when up use word how said an each she which do their time".split(
    " ",
  );

export interface Seams {
  readonly words: number;
  readonly lost: number;
  readonly doubled: number;
}

/** Count the words of several speakers that are lost or doubled when these chunks are joined. */
export function joinSeams(chunks: readonly Omit<HeardChunk, "segments">[], durationMs: number): Seams {
  let [words, lost, doubled] = [0, 0, 0];
  for (let seed = 1; seed <= SPEAKERS; seed += 1) {
    const random = seeded(seed);
    const said = speak(durationMs, random, seed * PHASE_MS);
    const heard = chunks.map((chunk) => ({ ...chunk, segments: segmentsOf(listen(said, chunk, random)) }));
    const merged = mergeChunks(heard).flatMap((segment) => segment.words);
    const kept = commonWords(said, merged);
    words += said.length;
    lost += said.length - kept;
    doubled += merged.length - kept;
  }
  return { words, lost, doubled };
}

function speak(durationMs: number, random: () => number, fromMs: number): readonly Word[] {
  const count = Math.floor(((durationMs - fromMs) / 1000) * WORDS_PER_SECOND);
  return Array.from({ length: count }, (_, index) => {
    const startMs = fromMs + (index * 1000) / WORDS_PER_SECOND;
    return { startMs, endMs: startMs + WORD_MS, text: pick(VOCABULARY, random) };
  });
}

/** Transcribe only the words that are complete in the file. */
function listen(
  said: readonly Word[],
  { startMs, endMs }: { startMs: number; endMs: number },
  random: () => number,
): readonly Word[] {
  return said
    .filter((word) => word.startMs >= startMs && word.endMs <= endMs)
    .map((word) => {
      const lateMs = Math.round((random() * 2 - 1) * JITTER_MS);
      return { ...word, startMs: Math.max(0, word.startMs + lateMs), endMs: word.endMs + lateMs };
    });
}

// A model returns a segment for each sentence.
function segmentsOf(words: readonly Word[]): HeardChunk["segments"] {
  return Array.from({ length: Math.ceil(words.length / 12) }, (_, index) => {
    const part = words.slice(index * 12, (index + 1) * 12);
    const text = part.map((word) => word.text).join(" ");
    return { startMs: part[0]?.startMs ?? 0, endMs: part.at(-1)?.endMs ?? 0, text, words: part };
  });
}

/** Count the words of one list that are in the other, in order (the longest common subsequence). */
function commonWords(left: readonly Word[], right: readonly Word[]): number {
  let previous = new Uint32Array(right.length + 1);
  for (const word of left) {
    const row = new Uint32Array(right.length + 1);
    for (let index = 0; index < right.length; index += 1) {
      row[index + 1] =
        right[index]?.text === word.text
          ? (previous[index] ?? 0) + 1
          : Math.max(previous[index + 1] ?? 0, row[index] ?? 0);
    }
    previous = row;
  }
  return previous[right.length] ?? 0;
}
