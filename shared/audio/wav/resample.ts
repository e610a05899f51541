// Half of the filter's length, in periods of the lower rate. The filter reaches -70 dB within 1 kHz of the Nyquist frequency.
const HALF_PERIODS = 16;
const CUTOFF = 0.92;

/** Enough for all rates that recorders write: 44,100 to 16,000 Hz needs 160. Other rates have an error of at most a ten-thousandth. */
const MAX_PHASES = 2_000;

export interface Resampler {
  /** Return the output that the input so far determines. */
  push(input: Float32Array): Float32Array;
  /** Return the rest of the output, as if silence followed the end. */
  end(): Float32Array;
}

/**
 * Lower a sampling rate with a windowed-sinc low-pass filter. Without one, a tone above the new Nyquist frequency
 * becomes an alias in the middle of speech. It works on a stream, and keeps only the last input.
 */
export function resampler(fromRate: number, toRate: number): Resampler {
  const divisor = gcd(fromRate, toRate);
  // The rates come from a file, and two rates without a common divisor would need 16,000 filters.
  const whole = toRate / divisor;
  const phases = Math.min(whole, MAX_PHASES);
  const step = whole === phases ? fromRate / divisor : Math.round((fromRate / toRate) * phases);
  const half = Math.ceil((HALF_PERIODS * fromRate) / toRate);
  const taps = 2 * half;
  const filters = Array.from({ length: phases }, (_, phase) =>
    polyphase(phase / phases, taps, (CUTOFF * toRate) / fromRate),
  );
  let held = new Float32Array(half - 1);
  let heldStart = 1 - half; // position of held[0] in the input; silence before it
  let position = 0; // whole input sample before the next output
  let phase = 0;

  function push(input: Float32Array): Float32Array {
    const all = new Float32Array(held.length + input.length);
    all.set(held);
    all.set(input, held.length);
    const output = new Float32Array(Math.ceil(((all.length + 1) * phases) / step) + 1);
    let written = 0;
    for (;;) {
      const first = position - half + 1 - heldStart;
      if (first + taps > all.length) break;
      const filter = filters[phase];
      if (filter === undefined) break;
      let sum = 0;
      for (let tap = 0; tap < taps; tap++) sum += (filter[tap] ?? 0) * (all[first + tap] ?? 0);
      output[written++] = sum;
      phase += step;
      position += Math.floor(phase / phases);
      phase %= phases;
    }
    const keepFrom = Math.min(all.length, Math.max(0, position - half + 1 - heldStart));
    held = all.slice(keepFrom);
    heldStart += keepFrom;
    return output.subarray(0, written);
  }
  return { push, end: () => push(new Float32Array(half)) };
}

function polyphase(fraction: number, taps: number, cutoff: number): Float32Array {
  const filter = new Float32Array(taps);
  const half = taps / 2;
  let sum = 0;
  for (let tap = 0; tap < taps; tap++) {
    const distance = tap - half + 1 - fraction;
    const angle = Math.PI * cutoff * distance;
    const sinc = angle === 0 ? 1 : Math.sin(angle) / angle;
    // Blackman window.
    const turn = Math.PI * (distance / half);
    const value = sinc * (0.42 + 0.5 * Math.cos(turn) + 0.08 * Math.cos(2 * turn));
    filter[tap] = value;
    sum += value;
  }
  return filter.map((value) => value / sum);
}

function gcd(left: number, right: number): number {
  return right === 0 ? left : gcd(right, left % right);
}
