// Plays a recording that the browser cannot play itself, as one standalone stretch after another.
import type { AudioStretch } from "../../client/index.ts";
import { api } from "../api/session.ts";
import type { Playback } from "./player.ts";

/** The first stretch is short, so that it starts soon. Each next one is loaded while the previous one is played. */
const FIRST_MS = 20_000;
const NEXT_MS = 90_000;

interface Loaded {
  readonly fromMs: number;
  readonly toMs: number;
  readonly pauses: AudioStretch["pauses"];
  readonly url: string;
}

interface Told {
  readonly signal: AbortSignal;
  readonly isPlaying: () => boolean;
  readonly onDuration: (ms: number) => void;
  readonly onWaiting: (is: boolean) => void;
  readonly onEnd: () => void;
  readonly onError: (error: unknown) => void;
}

export function playStretches(media: HTMLVideoElement, jobId: string, told: Told): Playback {
  let current: Loaded | null = null;
  let next: Promise<Loaded | null> | null = null;
  let wantedMs: number | null = 0;
  /** The number of the latest seek. A new seek replaces one that is still running. */
  let turn = 0;
  let durationMs = Infinity;
  const ending = new AbortController();
  const signal = AbortSignal.any([told.signal, ending.signal]);

  async function load(fromMs: number, lengthMs: number): Promise<Loaded | null> {
    for (let at = fromMs; at < durationMs; at += lengthMs) {
      const stretch = await api().jobs.audio(
        jobId,
        { fromMs: Math.floor(at), toMs: Math.floor(at + lengthMs) },
        { signal },
      );
      // There is no sound in this stretch, so look at the next one.
      if (stretch === null) continue;
      if (stretch.durationMs > 0) {
        durationMs = stretch.durationMs;
        told.onDuration(durationMs);
      }
      const { fromMs: begins, toMs, pauses } = stretch;
      const url = URL.createObjectURL(new Blob([stretch.bytes], { type: stretch.contentType }));
      return { fromMs: begins, toMs, pauses, url };
    }
    return null;
  }

  function show(loaded: Loaded, atMs: number): void {
    if (current !== null) URL.revokeObjectURL(current.url);
    current = loaded;
    media.src = loaded.url;
    media.currentTime = fileSeconds(loaded, atMs);
    wantedMs = null;
    next = null;
    if (told.isPlaying()) {
      media.play().catch(() => undefined);
      prepare();
    }
  }

  function prepare(): void {
    if (current === null || current.toMs >= durationMs) return;
    next ??= load(current.toMs, NEXT_MS).catch(() => null);
  }

  async function seek(toMs: number): Promise<void> {
    turn += 1;
    const own = turn;
    if (current !== null && toMs >= current.fromMs && toMs < current.toMs) {
      media.currentTime = fileSeconds(current, toMs);
      wantedMs = null;
      return;
    }
    wantedMs = toMs;
    told.onWaiting(true);
    try {
      const loaded = await load(toMs, FIRST_MS);
      if (own !== turn) {
        if (loaded !== null) URL.revokeObjectURL(loaded.url);
        return;
      }
      if (loaded === null) told.onEnd();
      else show(loaded, Math.max(toMs, loaded.fromMs));
    } catch (error) {
      if (own === turn && !signal.aborted) told.onError(error);
    } finally {
      if (own === turn) told.onWaiting(false);
    }
  }

  async function goOn(): Promise<void> {
    if (current === null || !told.isPlaying()) return;
    const own = turn;
    prepare();
    const loaded = await next;
    if (own !== turn) return;
    if (loaded == null) {
      if (current.toMs >= durationMs) told.onEnd();
      else await seek(current.toMs);
    } else show(loaded, Math.max(current.toMs, loaded.fromMs));
  }

  media.addEventListener("ended", () => void goOn(), { signal });
  media.addEventListener("play", prepare, { signal });
  void seek(0);
  return {
    timeMs: () => wantedMs ?? (current === null ? 0 : sourceMs(current, media.currentTime)),
    seek: (toMs) => void seek(toMs),
    destroy() {
      ending.abort();
      if (current !== null) URL.revokeObjectURL(current.url);
    },
  };
}

/** Convert a time of the recording to a time in the stretch's file, which does not contain the pauses. */
export function fileSeconds({ fromMs, pauses }: Pick<Loaded, "fromMs" | "pauses">, timeMs: number): number {
  let left = Math.max(0, timeMs - fromMs);
  let passed = 0;
  for (const { atMs, lengthMs } of pauses) {
    if (left <= atMs + passed) break;
    const within = Math.min(lengthMs, left - atMs - passed);
    passed += within;
  }
  left -= passed;
  return left / 1000;
}

/** Convert a time in the stretch's file to a time of the recording. */
export function sourceMs({ fromMs, pauses }: Pick<Loaded, "fromMs" | "pauses">, seconds: number): number {
  const fileMs = seconds * 1000;
  return fromMs + fileMs + pauses.reduce((sum, { atMs, lengthMs }) => (atMs < fileMs ? sum + lengthMs : sum), 0);
}
