// A speaker who says random words at known times, and chunks that hear them inexactly.

import type { HeardChunk } from "../shared/transcripts/merge-chunks.ts";
import type { Segment, Word } from "../shared/transcripts/transcript.ts";

export interface Hearing {
  readonly jitterMs: number;
  /** Which side of every seam hears nothing in the part of the overlap that is next to the edge of its audio. */
  readonly deaf?: "left" | "right";
  readonly deafShare?: "some" | "all";
  /** Whether the cuts are in pauses, where a later chunk begins at once and the earlier one goes on. */
  readonly inPauses?: boolean;
}

export interface Said extends Word {
  readonly spellings: readonly [string, string];
}

const VARIANTS = [
  ["OK", "okay"],
  ["twenty", "20"],
  ["colour", "color"],
  ["gonna", "going"],
  ["Dr.", "doctor"],
  ["café", "Cafe"],
] as const;
const VOCABULARY =
  "the a of to and in is it you that he was for on are with as his they be at one have this from by hot but some what there we can out other were all your when up use word how said an each she which do their time".split(
    " ",
  );

export function speak(
  random: () => number,
  rates: { seconds: number; repeats: number; silences: number; variants?: number },
): Said[] {
  const said: Said[] = [];
  for (let atMs = 0; atMs < rates.seconds * 1000;) {
    const last = said.at(-1);
    const [variant] = random() < (rates.variants ?? 0) ? [pick(VARIANTS, random)] : [];
    const fresh = pick(VOCABULARY, random);
    const spellings: readonly [string, string] =
      last !== undefined && random() < rates.repeats ? last.spellings : (variant ?? [fresh, dress(fresh, random)]);
    const endMs = atMs + 120 + Math.floor(random() * 330);
    said.push({ startMs: atMs, endMs, text: spellings[0], spellings });
    atMs = endMs + Math.floor(random() * 120) + (random() < rates.silences ? 500 + Math.floor(random() * 4000) : 0);
  }
  return said;
}

function dress(word: string, random: () => number): string {
  return pick([word, `${word},`, `${word}.`, word.toUpperCase(), `“${word}”`], random);
}

export function hear(
  speech: readonly Said[],
  random: () => number,
  { jitterMs, deaf, deafShare, inPauses = false }: Hearing,
): HeardChunk[] {
  const totalMs = speech.at(-1)?.endMs ?? 0;
  const chunks: HeardChunk[] = [];
  let previousOverlapMs = 0;
  for (let ownStartMs = 0; ownStartMs < totalMs;) {
    const latestMs = Math.min(totalMs, ownStartMs + 8000 + Math.floor(random() * 20_000));
    const ownEndMs = inPauses ? pauseAfter(speech, latestMs) : latestMs;
    const overlapMs = inPauses ? 2000 : 2000 + Math.floor(random() * 3000);
    const startMs = Math.max(0, Math.round(ownStartMs - (inPauses ? LEAD_MS : previousOverlapMs / 2)));
    const endMs = Math.min(totalMs, Math.round(ownEndMs + (inPauses ? overlapMs - LEAD_MS : overlapMs / 2)));
    const share = deafShare === "some" ? random() * 0.8 : 1;
    const fromMs = deaf === "right" && startMs > 0 ? startMs + previousOverlapMs * share : startMs;
    const toMs = deaf === "left" && endMs < totalMs ? endMs - overlapMs * share : endMs;
    const inside = speech.filter((word) => middle(word) >= fromMs && middle(word) < toMs);
    const words = monotone(
      inside.map((word) => {
        const offMs = Math.round((random() * 2 - 1) * jitterMs);
        const text = word.spellings[chunks.length % 2] ?? word.text;
        return { startMs: Math.max(0, word.startMs + offMs), endMs: Math.max(0, word.endMs + offMs), text };
      }),
    );
    chunks.push({ index: chunks.length, startMs, endMs, ownStartMs, ownEndMs, segments: inSegments(words, random) });
    previousOverlapMs = overlapMs;
    ownStartMs = ownEndMs;
  }
  return chunks;
}

/** The lead of a chunk that begins in a pause: `planCuts` has the same. */
const LEAD_MS = 150;

/** Return the middle of the next pause that a chunk can begin in, or the end of the speech. */
function pauseAfter(speech: readonly Said[], atMs: number): number {
  const next = speech.findIndex(
    ({ startMs }, index) => startMs > atMs && startMs - (speech[index - 1]?.endMs ?? 0) >= 2 * LEAD_MS,
  );
  const [before, after] = [speech[next - 1], speech[next]];
  if (before === undefined || after === undefined) return speech.at(-1)?.endMs ?? 0;
  return Math.round((before.endMs + after.startMs) / 2);
}

function inSegments(words: readonly Word[], random: () => number): Segment[] {
  const segments: Segment[] = [];
  for (let from = 0; from < words.length;) {
    const part = words.slice(from, from + 1 + Math.floor(random() * 12));
    segments.push(segmentOf(part));
    from += part.length;
  }
  return segments;
}

export function segmentOf(words: readonly Word[]): Segment {
  const text = words.map((word) => word.text).join(" ");
  return { startMs: words[0]?.startMs ?? 0, endMs: words.at(-1)?.endMs ?? 0, text, words: [...words] };
}

function monotone(words: readonly Word[]): Word[] {
  let latestMs = 0;
  return words.map((word) => {
    latestMs = Math.max(latestMs, word.startMs);
    return { ...word, startMs: latestMs, endMs: Math.max(latestMs, word.endMs) };
  });
}

function middle({ startMs, endMs }: Word): number {
  return (startMs + endMs) / 2;
}

export function whole(random: () => number, from: number, to: number): number {
  return from + Math.floor(random() * (to - from + 1));
}

export function pick<T>(choices: readonly T[], random: () => number): T {
  return choices[Math.floor(random() * choices.length)]!;
}

// mulberry32
export function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
