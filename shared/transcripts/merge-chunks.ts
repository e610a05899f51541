import { EDGE_MS, MAX_APART_MS, type Overlap } from "./align-words.ts";
import { findCut } from "./find-cut.ts";
import { endsSentence } from "./scripts.ts";
import { type Spoken, spokenIn, toSegments } from "./spoken.ts";
import type { Segment } from "./transcript.ts";

/** The transcribed words and segments of one chunk, in source time. */
export interface HeardChunk {
  readonly index: number;
  /** The audio of the chunk, overlaps included. */
  readonly startMs: number;
  readonly endMs: number;
  /** The part of the recording that the chunk is for: without the overlaps. */
  readonly ownStartMs: number;
  readonly ownEndMs: number;
  readonly segments: readonly Segment[];
  readonly isLowConfidence?: boolean;
}

/** A shorter overlap comes from rounding to packets, where files were laid end to end. Words on both sides were then said twice. */
const MIN_OVERLAP_MS = 200;

/** A word takes about this long. A word as long as the second figure was timed through other words, or through a pause. */
const WORD_MS = 400;
const STRETCHED_MS = 1_000;

/**
 * Merge chunks, in whatever order they come, into segments. If a neighbour is missing, a chunk keeps all of its words. A chunk that
 * lies completely within another adds nothing.
 */
export function mergeChunks(chunks: readonly HeardChunk[]): readonly Segment[] {
  const merged: Spoken[] = [];
  let left: HeardChunk | undefined;
  for (const right of chunks.toSorted((a, b) => a.startMs - b.startMs || a.endMs - b.endMs || a.index - b.index)) {
    if (left !== undefined && right.endMs < left.endMs) continue;
    const heard = spokenIn(right);
    if (left !== undefined && left.endMs - right.startMs > MIN_OVERLAP_MS) {
      shortenStretched(merged, heard, right.startMs);
      cutSeam(merged, heard, { overlap: { startMs: right.startMs, endMs: left.endMs }, seamMs: seamOf(left, right) });
    }
    settleTimes(merged, heard);
    for (const spoken of heard) merged.push(spoken);
    left = right;
  }
  return toSegments(merged);
}

interface Seam {
  readonly overlap: Overlap;
  readonly seamMs: number;
}

// As little as possible is taken from a doubtful chunk.
function seamOf(left: HeardChunk, right: HeardChunk): number {
  const isLeftDoubtful = left.isLowConfidence ?? false;
  const isRightDoubtful = right.isLowConfidence ?? false;
  if (isLeftDoubtful && !isRightDoubtful) return right.startMs;
  if (isRightDoubtful && !isLeftDoubtful) return left.endMs;
  return Math.min(left.endMs, Math.max(right.startMs, right.ownStartMs));
}

/**
 * If Whisper leaves out words at the end or the beginning of a file, it times its last word until the end, or its first word from the
 * beginning. Such a word really takes no longer than others, and what the neighbour has in that time is not the same word. A last
 * word that begins a sentence was timed through the pause before it.
 */
function shortenStretched(left: readonly Spoken[], [first]: readonly Spoken[], overlapFromMs: number): void {
  const last = left.at(-1);
  if (last !== undefined && isStretched(last) && last.endMs > overlapFromMs) {
    if (endsSentence(left.at(-2)?.text ?? "")) last.startMs = last.endMs - WORD_MS;
    else last.endMs = last.startMs + WORD_MS;
  }
  if (first !== undefined && isStretched(first)) first.startMs = first.endMs - WORD_MS;
}

function isStretched({ wordIndex, startMs, endMs }: Spoken): boolean {
  return wordIndex !== null && endMs - startMs > STRETCHED_MS;
}

/** Remove from the end of `left` and the beginning of `right` what would be said twice. */
function cutSeam(left: Spoken[], right: Spoken[], { overlap, seamMs }: Seam): void {
  const leftFrom = 1 + left.findLastIndex((spoken) => middle(spoken) <= overlap.startMs - MAX_APART_MS);
  const found = right.findIndex((spoken) => middle(spoken) >= overlap.endMs + MAX_APART_MS);
  const rightTo = found < 0 ? right.length : found;
  const leftTail = left.slice(leftFrom);
  const rightHead = right.slice(0, rightTo);
  const hasWordTimes = [...leftTail, ...rightHead].every(({ wordIndex }) => wordIndex !== null);
  const cut = hasWordTimes ? findCut(leftTail, rightHead, { overlap, seamMs }) : null;
  if (cut !== null) {
    left.length = leftFrom + cut.leftEnd;
    right.splice(0, cut.rightStart);
    return;
  }
  // If one side has no words here, there is nothing to choose: the other side's words stay.
  const hasLeftHeard = leftTail.some((spoken) => middle(spoken) > overlap.startMs + EDGE_MS);
  const hasRightHeard = rightHead.some((spoken) => middle(spoken) < overlap.endMs - EDGE_MS);
  if (!hasLeftHeard || !hasRightHeard) return;
  left.splice(leftFrom, leftTail.length, ...leftTail.filter((spoken) => middle(spoken) < seamMs));
  right.splice(0, rightTo, ...rightHead.filter((spoken) => middle(spoken) >= seamMs));
}

// The two sides time the same speech differently. They meet halfway, so that no word is moved far.
function settleTimes(left: readonly Spoken[], right: readonly Spoken[]): void {
  const last = left.at(-1);
  const first = right[0];
  if (last === undefined || first === undefined || last.endMs <= first.startMs) return;
  const meetMs = Math.round((last.endMs + first.startMs) / 2);
  for (let index = left.length - 1; index >= 0; index -= 1) {
    const spoken = left[index];
    if (spoken === undefined || spoken.endMs <= meetMs) break;
    spoken.endMs = meetMs;
    spoken.startMs = Math.min(spoken.startMs, meetMs);
  }
  for (const spoken of right) {
    if (spoken.startMs >= meetMs) break;
    spoken.startMs = meetMs;
    spoken.endMs = Math.max(spoken.endMs, meetMs);
  }
}

function middle({ startMs, endMs }: { readonly startMs: number; readonly endMs: number }): number {
  return (startMs + endMs) / 2;
}
