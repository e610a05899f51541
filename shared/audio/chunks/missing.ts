import type { Missing, Times } from "./chunk.ts";
import { MAX_DURATION_MS } from "./limits.ts";
import type { Timed } from "./pauses.ts";

/** Encoders pad, and headers round. A shorter difference does not mean that a file was cut off. */
const LEAST_CUT_OFF_MS = 250;

/** A shorter hole is the rounding of a container's times. */
const LEAST_HOLE_MS = 60;

/** Return the missing rest of a recording whose file ends before the end in its headers: from the end of its last sample. */
export function cutOff(soundMs: number, durationMs: number): readonly Missing[] {
  const [startMs, endMs] = [Math.round(soundMs), Math.round(durationMs)];
  return endMs - startMs < LEAST_CUT_OFF_MS ? [] : [{ startMs, endMs, reason: "cut_off" }];
}

/** The rest of a recording that ends within a packet. That is the sign where no header says how long it is; a packet may be short. */
export function brokenOff(soundMs: number, durationMs: number): readonly Missing[] {
  const startMs = Math.round(soundMs);
  return [{ startMs, endMs: Math.max(startMs + 1, Math.round(durationMs)), reason: "cut_off" }];
}

/** How long a recording lasts by its header. A number beyond all recordings is not believed: then it lasts as long as its sound. */
export function saidDuration(saidMs: number, soundMs: number): number {
  return saidMs <= MAX_DURATION_MS ? Math.max(soundMs, saidMs) : soundMs;
}

/** The parts of a stretch in which no packet sounds. */
export function uncovered(packets: readonly Timed[], { startMs, endMs }: Times): readonly Times[] {
  const holes: Times[] = [];
  let reachedMs = startMs;
  for (const { timeMs, durationMs } of packets) {
    if (timeMs - reachedMs > LEAST_HOLE_MS) holes.push({ startMs: reachedMs, endMs: Math.min(timeMs, endMs) });
    reachedMs = Math.max(reachedMs, timeMs + durationMs);
  }
  if (endMs - reachedMs > LEAST_HOLE_MS) holes.push({ startMs: reachedMs, endMs });
  return holes;
}

/** Return what is missing from a stretch: the holes where the file has lost something. Any other hole is silence. */
export function missingOf(holes: readonly Times[], lost: readonly Times[]): readonly Missing[] {
  if (lost.length === 0) return [];
  return holes
    .filter((hole) => lost.some((one) => one.startMs < hole.endMs && one.endMs > hole.startMs))
    .map((hole) => ({ ...hole, reason: "damaged" }));
}

/** Join stretches that touch. They must be in order. */
export function joinTimes<T extends Times>(times: readonly T[], apartMs = LEAST_HOLE_MS): readonly T[] {
  const joined: T[] = [];
  for (const one of times) {
    const last = joined.at(-1);
    if (last !== undefined && one.startMs - last.endMs <= apartMs)
      joined[joined.length - 1] = { ...last, endMs: Math.max(last.endMs, one.endMs) };
    else joined.push(one);
  }
  return joined;
}

/** Return the parts of stretches that lie between two times. */
export function within<T extends Times>(times: readonly T[], { startMs, endMs }: Times): readonly T[] {
  return times.flatMap((one) => {
    const inside = { ...one, startMs: Math.max(one.startMs, startMs), endMs: Math.min(one.endMs, endMs) };
    return inside.endMs > inside.startMs ? [inside] : [];
  });
}
