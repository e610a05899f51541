// Measures the loudness of the recording around the current place. The API cuts the sound, and the page decodes it. A browser cannot hold
// the decoded sound of hours.
import { api } from "../api/session.ts";

export const TILE_MS = 30_000;
/** The time of one loudness value. */
export const PEAK_MS = 25;
const TILE_PEAKS = TILE_MS / PEAK_MS;
/** The sample rate of the decoded sound, which is enough to measure its loudness. */
const SAMPLE_RATE = 8000;
const MOST_TILES = 60;

export interface Peaks {
  /** Loudness values from 0 to 1, each for `PEAK_MS`; undefined until they are loaded. */
  tile(index: number): Float32Array | undefined;
  /** Load the tiles around this time. */
  want(timeMs: number): void;
  destroy(): void;
}

export function createPeaks(jobId: string, knownMs: () => number, onChange: () => void): Peaks {
  const tiles = new Map<number, Float32Array | null>();
  const stopping = new AbortController();
  let reading: number | null = null;
  let wanted: readonly number[] = [];
  /** The end of the recording. Nothing after it is read. */
  let endsMs = Infinity;

  async function read(index: number): Promise<void> {
    const peaks = new Float32Array(TILE_PEAKS);
    const endMs = Math.min((index + 1) * TILE_MS, endsMs);
    let atMs = index * TILE_MS;
    while (atMs < Math.min(endMs, endsMs)) {
      const stretch = await api().jobs.audio(jobId, { fromMs: atMs, toMs: endMs }, { signal: stopping.signal });
      if (stretch === null || stretch.toMs <= atMs) break;
      if (stretch.durationMs > 0) endsMs = stretch.durationMs;
      const context = new OfflineAudioContext(1, 1, SAMPLE_RATE);
      const sound = await context.decodeAudioData(stretch.bytes.buffer);
      addPeaks(peaks, sound, stretch.fromMs - index * TILE_MS, stretch.pauses);
      tiles.set(index, peaks);
      onChange();
      atMs = stretch.toMs;
    }
    tiles.set(index, peaks);
  }

  async function work(): Promise<void> {
    const index = wanted.find((one) => !tiles.has(one) && one * TILE_MS < endsMs);
    if (reading !== null || index === undefined || stopping.signal.aborted) return;
    reading = index;
    try {
      await read(index);
    } catch {
      // The browser cannot decode this sound, or there is no connection. The waveform stays flat here.
      if (!tiles.has(index)) tiles.set(index, null);
    } finally {
      reading = null;
    }
    for (const old of tiles.keys()) {
      if (tiles.size <= MOST_TILES) break;
      if (!wanted.includes(old)) tiles.delete(old);
    }
    onChange();
    void work();
  }

  return {
    tile: (index) => tiles.get(index) ?? undefined,
    want(timeMs) {
      const here = Math.max(0, Math.floor(timeMs / TILE_MS));
      if (knownMs() > 0) endsMs = Math.min(endsMs, knownMs());
      wanted = [here, here + 1, here - 1].filter((tile) => tile >= 0 && tile * TILE_MS < endsMs);
      void work();
    },
    destroy: () => stopping.abort(),
  };
}

function addPeaks(
  peaks: Float32Array,
  sound: AudioBuffer,
  offsetMs: number,
  pauses: readonly { readonly atMs: number; readonly lengthMs: number }[],
): void {
  const samples = sound.getChannelData(0);
  const size = Math.round((sound.sampleRate * PEAK_MS) / 1000);
  let pausedMs = 0;
  let nextPause = 0;
  for (let from = 0; from < samples.length; from += size) {
    const fileMs = (from / sound.sampleRate) * 1000;
    for (let pause = pauses[nextPause]; pause !== undefined && fileMs >= pause.atMs; pause = pauses[nextPause]) {
      pausedMs += pause.lengthMs;
      nextPause += 1;
    }
    let peak = 0;
    const to = Math.min(from + size, samples.length);
    for (let at = from; at < to; at += 1) peak = Math.max(peak, Math.abs(samples[at] ?? 0));
    const place = Math.round((offsetMs + fileMs + pausedMs) / PEAK_MS);
    if (place >= 0 && place < peaks.length) peaks[place] = Math.max(peaks[place] ?? 0, peak);
  }
}
