// The local watchdog: workerd enforces no limit of CPU, so that code that never returns would stop the product for good.
import type { Runtime } from "./runtime.ts";

export interface WatchOptions {
  readonly checkEveryMs: number;
  /** So many checks in a row without any progress, and the runtime counts as hung. */
  readonly silentChecks: number;
}

/** A runtime that has answered nobody and written nothing for so long hangs: half a minute. */
export const WATCH: WatchOptions = { checkEveryMs: 5000, silentChecks: 6 };

/** A runtime that is lost more often is not mended by starting it again. */
const RESTARTS = 3;
const RESTARTS_WITHIN_MS = 10 * 60_000;

/**
 * Wait until a runtime ends, or hangs. It is judged by progress: whatever request it answers, whoever sent it, and whatever
 * it writes says that it lives, however long others wait. A thousand uploads at once are stored before the first is answered. Silence is counted in checks, not by the clock: a laptop that slept, or a machine too
 * busy to check, says nothing about the runtime.
 * @returns what happened, to go on after "The runtime"; null where `signal` was aborted first.
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
    // Asked anew each time: an earlier question may have been lost with a connection. Late answers are counted too.
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

/** Counts restarts. */
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
