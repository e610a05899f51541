import { createRestarts, untilLost, WATCH, type WatchOptions } from "./watch-runtime.ts";
import type { Runtime } from "./runtime.ts";

export interface KeepRunningOptions {
  /** Start a runtime. @throws if it does not start. */
  readonly start: () => Promise<Runtime>;
  readonly say: (message: string) => void;
  /** Stops the runtime. */
  readonly signal: AbortSignal;
  readonly watch?: WatchOptions;
  /** Runs after one runtime has ended and before the next starts. */
  readonly between?: () => Promise<void>;
}

/** How often cron runs locally. Nothing else triggers it, and R2 sends no events here: the sweep finds new objects in the bucket. */
const CRON_EVERY_MS = 5000;

/**
 * Run Darkroom until `signal` is aborted. A runtime that ends or hangs is started again, at most three times in ten minutes.
 * Resolves when none of its processes is left. @throws if it is lost once more.
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
      throw new Error(`The runtime ${why}, for the fourth time in ten minutes. No jobs are lost. Run npm start again.`);
    }
    say(`The runtime ${why}. It starts again now; no jobs are lost.`);
    await between?.();
    if (signal.aborted) return;
  }
}

async function tick(runtime: Runtime, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    // One request at a time: more of them do not help a busy runtime.
    await fetch(`${runtime.url}/cdn-cgi/local/scheduled`, { signal }).then(
      async (response) => response.arrayBuffer(),
      () => undefined,
    );
    await new Promise((resolve) => setTimeout(resolve, CRON_EVERY_MS));
  }
}
