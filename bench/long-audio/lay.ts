// Lays chunks end to end, each with only its own part, and compares them with the decoded source.

/** A chunk's decoder starts cold: Opus needs up to 140 ms, MP3 91 and AAC 21 until it gives the same output as in mid-file. */
const WARM_UP_MS = 150;

/** Padding and priming: how far a chunk's sound may be from the time that the cutter gives. */
const MAX_LAG_MS = 80;

const PROBE_SAMPLES = 2048;

export interface Laid {
  readonly maxError: number;
  /** How much later than stated the chunk's sound is. */
  readonly lagMs: number;
  /** How much of its own part the chunk does not contain. */
  readonly missingMs: number;
}

interface Decoded {
  readonly samples: Float32Array;
  readonly rate: number;
}

export interface Part {
  readonly samples: Float32Array;
  /** The time in the source of its first sample. */
  readonly startMs: number;
  readonly ownStartMs: number;
  /** Infinity for the last chunk, which holds the rest of the source. */
  readonly ownEndMs: number;
}

export function layPart({ samples, rate }: Decoded, part: Part): Laid {
  const toSample = (ms: number) => Math.round((ms * rate) / 1000);
  const from = toSample(Math.max(part.ownStartMs, part.startMs + WARM_UP_MS));
  const to = Math.min(samples.length, toSample(part.ownEndMs));
  const shift = toSample(part.startMs);
  const lag = findLag(samples, part.samples, { from: loudest(samples, from, to), shift, reach: toSample(MAX_LAG_MS) });
  let maxError = 0;
  let missing = 0;
  for (let at = from; at < to; at += 1) {
    const heard = part.samples[at - shift + lag];
    if (heard === undefined) missing += 1;
    else maxError = Math.max(maxError, Math.abs(heard - (samples[at] ?? 0)));
  }
  return { maxError, lagMs: (lag / rate) * 1000, missingMs: (missing / rate) * 1000 };
}

// Align by the loudest place: silence matches everywhere.
function loudest(samples: Float32Array, from: number, to: number): number {
  let best = { at: from, sum: -1 };
  for (let at = from; at + PROBE_SAMPLES <= to; at += PROBE_SAMPLES) {
    let sum = 0;
    for (let index = at; index < at + PROBE_SAMPLES; index += 1) sum += Math.abs(samples[index] ?? 0);
    if (sum > best.sum) best = { at, sum };
  }
  return best.at;
}

function findLag(
  source: Float32Array,
  chunk: Float32Array,
  { from, shift, reach }: { from: number; shift: number; reach: number },
): number {
  let best = { lag: 0, sum: Infinity };
  for (let step = 0; step <= 2 * reach && best.sum > 0; step += 1) {
    // Tries 0, 1, -1, 2, -2, ...
    const lag = step % 2 === 1 ? (step + 1) / 2 : -step / 2;
    let sum = 0;
    for (let index = 0; index < PROBE_SAMPLES && sum < best.sum; index += 1) {
      sum += Math.abs((chunk[from + index - shift + lag] ?? 2) - (source[from + index] ?? 0));
    }
    if (sum < best.sum) best = { lag, sum };
  }
  return best.lag;
}
