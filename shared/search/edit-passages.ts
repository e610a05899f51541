import { joinTexts } from "../transcripts/join-words.ts";
import type { Segment } from "../transcripts/transcript.ts";
import { cutPassages } from "./cut-passages.ts";
import type { PassageEdit, TimedPassage } from "./passage.ts";

/** The indexes of the segments that an edit has changed, and the time that they had before. */
export interface Touched {
  readonly places: readonly number[];
  readonly fromMs: number;
  readonly toMs: number;
}

/** Return what differs between two versions of a transcript; null if they do not have the same segments. */
export function touchedBy(before: readonly Segment[], after: readonly Segment[]): Touched | null {
  if (before.length !== after.length) return null;
  const places: number[] = [];
  let [fromMs, toMs] = [Infinity, 0];
  for (const [place, segment] of before.entries()) {
    const other = after[place];
    if (other === undefined || (segment.text === other.text && isSameTime(segment, other))) continue;
    places.push(place);
    fromMs = Math.min(fromMs, segment.startMs);
    toMs = Math.max(toMs, segment.endMs);
  }
  return { places, fromMs: Math.min(fromMs, toMs), toMs };
}

/**
 * Apply an edit to the passages that touch its time. A passage of whole segments keeps its id, and so its vector: an edit is assumed
 * not to change its meaning. If a passage cannot be found in the previous version, all passages are cut again.
 */
export function editOf(
  jobId: string,
  { before, after, touched }: { before: readonly Segment[]; after: readonly Segment[]; touched: Touched | null },
  passages: readonly TimedPassage[],
): PassageEdit {
  if (touched === null) return anew(jobId, after);
  const left = new Set(touched.places.filter((place) => isSaid(before[place]) || isSaid(after[place])));
  const changed: TimedPassage[] = [];
  const removedIds: string[] = [];
  for (const passage of passages) {
    const run = runOf(passage, before);
    // A passage that is not made of whole segments cannot be traced. This matters only if the edit has changed it.
    if (run === null) continue;
    const isTouched = touched.places.some((place) => place >= run.from && place < run.to);
    for (let place = run.from; place < run.to; place += 1) left.delete(place);
    if (!isTouched) continue;
    const own = after.slice(run.from, run.to).filter(isSaid);
    const [first, last] = [own[0], own.at(-1)];
    if (first === undefined || last === undefined) removedIds.push(passage.id);
    else
      changed.push({
        id: passage.id,
        text: joinTexts(own.map(({ text }) => text)),
        startMs: first.startMs,
        endMs: last.endMs,
      });
  }
  return left.size > 0 ? anew(jobId, after) : { type: "changed", changed, removedIds };
}

function anew(jobId: string, segments: readonly Segment[]): PassageEdit {
  const passages = cutPassages(jobId, { transcript: segments }).map(({ id, text, startMs, endMs }) => ({
    id,
    text,
    startMs: startMs ?? 0,
    endMs: endMs ?? 0,
  }));
  return { type: "anew", passages };
}

/** Find the segments of a passage: from its time on, those whose texts make its text. */
function runOf(
  passage: TimedPassage,
  segments: readonly Segment[],
): { readonly from: number; readonly to: number } | null {
  for (let from = firstAt(segments, passage.startMs); segments[from]?.startMs === passage.startMs; from += 1) {
    if (!isSaid(segments[from])) continue;
    for (let to = from + 1; to <= segments.length; to += 1) {
      const last = segments[to - 1];
      if (last === undefined || last.startMs > passage.endMs) break;
      if (last.endMs !== passage.endMs) continue;
      if (joinTexts(segments.slice(from, to).map(({ text }) => text)) === passage.text) return { from, to };
    }
  }
  return null;
}

/** Segments are ordered by their beginnings, unless a model gave wrong times. All passages are then cut again. */
function firstAt(segments: readonly Segment[], startMs: number): number {
  let low = 0;
  let high = segments.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((segments[middle]?.startMs ?? Infinity) < startMs) low = middle + 1;
    else high = middle;
  }
  return low;
}

function isSaid(segment: Segment | undefined): boolean {
  return segment !== undefined && segment.text.trim() !== "";
}

function isSameTime(one: Segment, other: Segment): boolean {
  return one.startMs === other.startMs && one.endMs === other.endMs;
}
