// Chunks laid end to end, each its own part, against the decode of the source.

/** The decoder of a chunk starts cold: Opus needs up to 140 ms, MP3 91, AAC 21 until it gives what it gives mid-file. */
const WARM_UP_MS = 150;

/** Padding and priming: how far a chunk's sound may be from where the cutter says. */
const MAX_LAG_MS = 80;

const PROBE_SAMPLES = 2048;

export interface Laid {
  readonly maxError: number;
  /** How much later the chunk's sound is than it says. */
  readonly lagMs: number;
  /** Of its own part, how much the chunk does not hold. */
  readonly missingMs: number;
}

interface Decoded {
  readonly samples: Float32Array;
  readonly rate: number;
}

export interface Part {
  readonly samples: Float32Array;
  /** Source time of its first sample. */
  readonly startMs: number;
  readonly ownStartMs: number;
  /** Infinity for the last: it holds whatever the source has. */
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

// Silence fits anywhere.
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
    // 0, 1, -1, 2, -2, ...
    const lag = step % 2 === 1 ? (step + 1) / 2 : -step / 2;
    let sum = 0;
    for (let index = 0; index < PROBE_SAMPLES && sum < best.sum; index += 1) {
      sum += Math.abs((chunk[from + index - shift + lag] ?? 2) - (source[from + index] ?? 0));
    }
    if (sum < best.sum) best = { lag, sum };
  }
  return best.lag;
}
