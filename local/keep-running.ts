import { createRestarts, untilLost, WATCH, type WatchOptions } from "./watch-runtime.ts";
import type { Runtime } from "./runtime.ts";

export interface KeepRunningOptions {
  /** @throws if it does not start. */
  readonly start: () => Promise<Runtime>;
  readonly say: (message: string) => void;
  /** Stops the runtime. */
  readonly signal: AbortSignal;
  readonly watch?: WatchOptions;
  /** While none runs, between two. */
  readonly between?: () => Promise<void>;
}

/** How often cron comes locally: nothing else fires it, and R2 sends no events. The sweep finds what was put into the bucket. */
const CRON_EVERY_MS = 5000;

/**
 * Run the product until `signal` is aborted: a runtime that ended or hangs is started again, at most three times in ten
 * minutes. Resolves when no process of it is left. @throws if it is not started again.
 */
export async function keepRunning(options: KeepRunningOptions, onStart: (runtime: Runtime) => void): Promise<void> {
  const { start, say, signal, watch = WATCH, between } = options;
  const restarts = createRestarts();
  for (;;) {
    const runtime = await start();
    if (!signal.aborted) onStart(runtime);
    const watching = new AbortController();
    void tick(runtime, AbortSignal.any([signal, watching.signal]));
    const why = await untilLost(runtime, watch, signal);
    watching.abort();
    if (why === null) return runtime.stop();
    await runtime.kill();
    if (!restarts.mayRestart(Date.now())) {
      throw new Error(`The runtime ${why}, for the fourth time in ten minutes. Nothing is lost: run npm start again.`);
    }
    say(`The runtime ${why}. It is started again; nothing is lost.`);
    await between?.();
    if (signal.aborted) return;
  }
}

async function tick(runtime: Runtime, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    // One at a time: a runtime that is busy is not helped by more of them.
    await fetch(`${runtime.url}/cdn-cgi/local/scheduled`, { signal }).then(
      async (response) => response.arrayBuffer(),
      () => undefined,
    );
    await new Promise((resolve) => setTimeout(resolve, CRON_EVERY_MS));
  }
}
