// Plays the recording of a job: the file itself if the browser can play it, otherwise one stretch after another that the API cuts.
import { type Signal, signal } from "@preact/signals";

import { sentenceOf } from "../api/queries.ts";
import { api } from "../api/session.ts";
import { playStretches } from "./stretches.ts";

export interface Player {
  /** A `<video>`, which also plays sound. */
  readonly media: HTMLVideoElement;
  readonly timeMs: Signal<number>;
  readonly durationMs: Signal<number>;
  readonly isPlaying: Signal<boolean>;
  readonly isWaiting: Signal<boolean>;
  readonly hasPicture: Signal<boolean>;
  readonly rate: Signal<number>;
  /** Whether a slow repetition is running. */
  readonly isSlow: Signal<boolean>;
  /** What is played; null until it is known. */
  readonly by: Signal<"source" | "stretches" | null>;
  readonly error: Signal<string | null>;
  readonly seek: (timeMs: number) => void;
  readonly toggle: () => void;
  readonly pause: () => void;
  readonly skip: (byMs: number) => void;
  readonly setRate: (rate: number) => void;
  readonly repeatSlowly: () => void;
  readonly retry: () => void;
  readonly destroy: () => void;
}

/** A way to play the recording. Times are positions in the recording, in milliseconds. */
export interface Playback {
  readonly timeMs: () => number;
  readonly seek: (timeMs: number) => void;
  readonly destroy: () => void;
}

export const RATES = [0.5, 0.75, 1, 1.1, 1.25, 1.5, 1.75, 2] as const;
const SLOW_RATE = 0.6;
const SLOW_BACK_MS = 3000;
const LINK_SECONDS = 86_400;
/** If the file does not load within this time, stretches are played. */
const SOURCE_WAIT_MS = 8000;

export function createPlayer(jobId: string, knownMs: number): Player {
  const media = document.createElement("video");
  media.preload = "metadata";
  media.playsInline = true;
  media.tabIndex = -1;
  const timeMs = signal(0);
  const durationMs = signal(knownMs);
  const isPlaying = signal(false);
  const isWaiting = signal(false);
  const hasPicture = signal(false);
  const rate = signal(1);
  const isSlow = signal(false);
  const by = signal<"source" | "stretches" | null>(null);
  const error = signal<string | null>(null);
  const stopping = new AbortController();
  let playback: Playback | null = null;
  let wanted: { timeMs: number; play: boolean } | null = null;
  let slowUntilMs = Infinity;
  let frame = 0;

  function tick(): void {
    frame = 0;
    if (playback !== null && wanted === null) timeMs.value = playback.timeMs();
    if (timeMs.value >= slowUntilMs) endSlow();
    if (isPlaying.value) frame = requestAnimationFrame(tick);
  }
  function endSlow(): void {
    slowUntilMs = Infinity;
    isSlow.value = false;
    media.playbackRate = rate.value;
  }
  const on = (type: string, listener: () => void) =>
    media.addEventListener(type, listener, { signal: stopping.signal });
  on("play", () => {
    isPlaying.value = true;
    frame ||= requestAnimationFrame(tick);
  });
  // The pause event at the end of a stretch is not a pause by the person. The next stretch follows.
  on("pause", () => {
    if (by.value === "stretches" && media.ended) return;
    isPlaying.value = false;
    tick();
  });
  on("ended", () => {
    if (by.value === "source") isPlaying.value = false;
  });
  on("waiting", () => (isWaiting.value = true));
  for (const type of ["playing", "canplay", "seeked"]) on(type, () => (isWaiting.value = false));
  on("seeked", tick);
  on("loadedmetadata", () => {
    hasPicture.value = media.videoWidth > 0;
    media.playbackRate = isSlow.value ? SLOW_RATE : rate.value;
  });

  async function start(): Promise<void> {
    error.value = null;
    try {
      playback = (await openSource()) ?? openStretches();
      const first = wanted;
      wanted = null;
      if (first === null) return;
      playback.seek(first.timeMs);
      if (first.play) await play();
    } catch (reason) {
      if (!stopping.signal.aborted) error.value = sentenceOf(reason);
    }
  }

  /** @returns null if the browser cannot play the file. */
  async function openSource(): Promise<Playback | null> {
    const [link] = await api().jobs.links(jobId, [{ to: "source" }], {
      expiresInSeconds: LINK_SECONDS,
      signal: stopping.signal,
    });
    if (link === undefined || !(await canPlay(media, link.url, stopping.signal))) return null;
    by.value = "source";
    if (Number.isFinite(media.duration)) durationMs.value = Math.round(media.duration * 1000);
    // The link has expired, the file was overwritten, or a part is damaged. Continue with stretches from the same place.
    on("error", () => {
      if (by.value !== "source") return;
      wanted = { timeMs: timeMs.value, play: isPlaying.value };
      playback = openStretches();
      playback.seek(wanted.timeMs);
      const { play: wasPlaying } = wanted;
      wanted = null;
      if (wasPlaying) void play();
    });
    return {
      timeMs: () => media.currentTime * 1000,
      seek: (to) => (media.currentTime = to / 1000),
      destroy: () => undefined,
    };
  }

  function openStretches(): Playback {
    by.value = "stretches";
    return playStretches(media, jobId, {
      signal: stopping.signal,
      isPlaying: () => isPlaying.value,
      onDuration: (ms) => (durationMs.value = ms),
      onWaiting: (is) => (isWaiting.value = is),
      onEnd: () => (isPlaying.value = false),
      onError: (reason) => {
        error.value = sentenceOf(reason);
        isPlaying.value = false;
      },
    });
  }

  async function play(): Promise<void> {
    try {
      await media.play();
    } catch (reason) {
      // An AbortError means that a pause or another file interrupted the start. It is not a failure.
      if (!(reason instanceof DOMException && reason.name === "AbortError") && by.value === "source") {
        isPlaying.value = false;
      }
    }
  }

  const player: Player = {
    media,
    timeMs,
    durationMs,
    isPlaying,
    isWaiting,
    hasPicture,
    rate,
    isSlow,
    by,
    error,
    seek(to) {
      const end = durationMs.value || Infinity;
      timeMs.value = Math.max(0, Math.min(to, end));
      if (timeMs.value < slowUntilMs - 2 * SLOW_BACK_MS || timeMs.value > slowUntilMs) endSlow();
      if (playback === null) wanted = { timeMs: timeMs.value, play: wanted?.play ?? false };
      else playback.seek(timeMs.value);
    },
    toggle() {
      if (playback === null) {
        wanted = { timeMs: timeMs.value, play: true };
        isWaiting.value = true;
      } else if (isPlaying.value) {
        media.pause();
        isPlaying.value = false;
      } else {
        if (durationMs.value > 0 && timeMs.value >= durationMs.value - 50) player.seek(0);
        isPlaying.value = true;
        void play();
        frame ||= requestAnimationFrame(tick);
      }
    },
    pause() {
      if (isPlaying.value) player.toggle();
    },
    skip: (ms) => player.seek(timeMs.value + ms),
    setRate(next) {
      rate.value = next;
      endSlow();
    },
    repeatSlowly() {
      const target = isSlow.value ? slowUntilMs : timeMs.value;
      player.seek(timeMs.value - SLOW_BACK_MS);
      slowUntilMs = target;
      isSlow.value = true;
      media.playbackRate = SLOW_RATE;
      if (!isPlaying.value) player.toggle();
    },
    retry: () => void start(),
    destroy() {
      stopping.abort();
      cancelAnimationFrame(frame);
      playback?.destroy();
      media.pause();
      media.removeAttribute("src");
      media.load();
    },
  };
  void start();
  return player;
}

/** Whether the browser can play the file at this address. */
function canPlay(media: HTMLVideoElement, url: string, stop: AbortSignal): Promise<boolean> {
  return new Promise((resolve) => {
    const done = new AbortController();
    const end = (can: boolean) => {
      done.abort();
      resolve(can);
    };
    const options = { signal: AbortSignal.any([done.signal, stop]) };
    media.addEventListener("loadedmetadata", () => end(true), options);
    media.addEventListener("error", () => end(false), options);
    const timer = setTimeout(() => end(false), SOURCE_WAIT_MS);
    done.signal.addEventListener("abort", () => clearTimeout(timer));
    media.src = url;
  });
}
