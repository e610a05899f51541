import type { Pause } from "./chunk.ts";

/** When a packet sounds, and for how long. */
export interface Timed {
  readonly timeMs: number;
  readonly durationMs: number;
}

/** A shorter gap is the rounding of a container's times. */
export const MIN_PAUSE_MS = 60;

/**
 * Find the pauses, where sound stops and continues later: the microphone was muted, a stretch was lost, or the recorder paused. A
 * decoder lays packets end to end and ignores their times, so everything after a pause would be transcribed too early.
 */
export function pausesAmong(packets: readonly Timed[]): readonly Pause[] {
  const pauses: Pause[] = [];
  const startMs = packets[0]?.timeMs ?? 0;
  let atMs = 0;
  let lateMs = 0;
  for (const { timeMs, durationMs } of packets) {
    const lengthMs = timeMs - startMs - lateMs - atMs;
    if (lengthMs > MIN_PAUSE_MS) {
      pauses.push({ atMs, lengthMs });
      lateMs += lengthMs;
    }
    atMs += durationMs;
  }
  return pauses;
}

/** The longest packet of any codec that is cut here, except FLAC, whose packets all have the same length. */
const LONGEST_PACKET_MS = 150;

/**
 * Return how long each packet sounds, for containers that only store when the next packet begins. A packet that would last much
 * longer than the others is followed by a pause.
 */
export function soundingMs(durationsMs: readonly number[]): readonly number[] {
  const known = durationsMs.filter((durationMs) => durationMs > 0).toSorted((a, b) => a - b);
  const median = known[known.length >> 1] ?? 0;
  const typicalMs = known.length < 3 ? Math.min(median, LONGEST_PACKET_MS) : median;
  const longestMs = Math.max(LONGEST_PACKET_MS, 3 * typicalMs);
  return durationsMs.map((durationMs) => (durationMs > 0 && durationMs <= longestMs ? durationMs : typicalMs));
}

/** Return the total length of a file's pauses before a time in it, or of all pauses. */
export function pausedMs(pauses: readonly Pause[], beforeMs = Infinity): number {
  return pauses.reduce((sum, { atMs, lengthMs }) => (atMs < beforeMs ? sum + lengthMs : sum), 0);
}
