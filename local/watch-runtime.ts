// The local watchdog. workerd does not limit CPU time locally, so code that never returns would stop Darkroom for good.
import type { Runtime } from "./runtime.ts";

export interface WatchOptions {
  readonly checkEveryMs: number;
  /** After this many checks in a row without progress, the runtime counts as hung. */
  readonly silentChecks: number;
}

/** A runtime that has answered and written nothing for half a minute counts as hung. */
export const WATCH: WatchOptions = { checkEveryMs: 5000, silentChecks: 6 };

/** Restarting does not help a runtime that is lost more often than this. */
const RESTARTS = 3;
const RESTARTS_WITHIN_MS = 10 * 60_000;

/**
 * Wait until a runtime ends or hangs. Any progress shows that it runs: any request that it answers, or a write.
 * Other requests may wait long meanwhile: a thousand uploads at once are stored before the first is answered. Silence is
 * counted in checks, not in time: a laptop that slept, or a machine too busy to check, says nothing about the runtime.
 * @returns what happened, as a continuation of "The runtime"; null if `signal` was aborted first.
 */
export async function untilLost(
  runtime: Runtime,
  { checkEveryMs, silentChecks }: WatchOptions,
  signal: AbortSignal,
): Promise<string | null> {
  let silent = 0;
  let answered = runtime.answered();
  let wroteAt = await runtime.wroteAt();
  const ended = runtime.ended.then((code) => `ended with ${code}`);
  while (!signal.aborted) {
    // A new request each time: an earlier one may have been lost with its connection. Late answers count too.
    void fetch(`${runtime.url}/healthz`, { signal: AbortSignal.timeout(checkEveryMs * silentChecks) })
      .then(async (response) => response.arrayBuffer())
      .then(
        () => (silent = 0),
        () => undefined,
      );
    const end = await Promise.race([ended, pause(checkEveryMs, signal)]);
    if (signal.aborted) return null;
    if (end !== null) return end;
    const [before, beforeAt] = [answered, wroteAt];
    answered = runtime.answered();
    wroteAt = await runtime.wroteAt();
    silent = answered === before && wroteAt === beforeAt ? silent + 1 : 0;
    if (silent >= silentChecks) return `has done nothing for ${(silentChecks * checkEveryMs) / 1000} seconds`;
  }
  return null;
}

/** Counts restarts in the last ten minutes. */
export function createRestarts(): { mayRestart(now: number): boolean } {
  let times: readonly number[] = [];
  return {
    mayRestart(now) {
      times = times.filter((time) => time > now - RESTARTS_WITHIN_MS);
      if (times.length >= RESTARTS) return false;
      times = [...times, now];
      return true;
    },
  };
}

async function pause(ms: number, signal: AbortSignal): Promise<null> {
  return new Promise((resolve) => {
    const timer = setTimeout(done, ms);
    function done(): void {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve(null);
    }
    signal.addEventListener("abort", done);
  });
}
