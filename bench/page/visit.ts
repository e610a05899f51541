// A browser that nobody has used, signed in, which notes its long tasks from the first one on.
import type { Page } from "playwright-core";

import { KEYS, type Running } from "../../test/page/running.ts";

export interface LongTask {
  readonly startMs: number;
  readonly durationMs: number;
}

const NOTE_LONG_TASKS = `globalThis.longTasks = [];
new PerformanceObserver((list) => {
  for (const { startTime, duration } of list.getEntries()) longTasks.push({ startMs: startTime, durationMs: duration });
}).observe({ type: "longtask", buffered: true });`;

export async function visit<T>({ browser }: Running, look: (page: Page) => Promise<T>): Promise<T> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 } });
  context.setDefaultTimeout(120_000);
  try {
    // As somebody who has asked that their key be remembered.
    // (about:blank has no storage.)
    await context.addInitScript(
      `if (location.protocol !== "about:") localStorage.setItem("darkroom.key", ${JSON.stringify(KEYS.operator)}); ${NOTE_LONG_TASKS}`,
    );
    const page = await context.newPage();
    const errors: string[] = [];
    page.on("pageerror", (error) => errors.push(String(error)));
    const found = await look(page);
    if (errors.length > 0) throw new Error(errors.join("\n"));
    return found;
  } finally {
    await context.close();
  }
}

/** The page's own work on its main thread so far, whatever else the machine does. */
export async function watchWork(page: Page): Promise<() => Promise<number>> {
  const profiler = await page.context().newCDPSession(page);
  await profiler.send("Performance.enable", { timeDomain: "threadTicks" });
  return async () => {
    const { metrics } = await profiler.send("Performance.getMetrics");
    return 1000 * (metrics.find(({ name }) => name === "TaskDuration")?.value ?? Number.NaN);
  };
}

export const longTasks = (page: Page) => page.evaluate<readonly LongTask[]>("longTasks");

/** Times of the pictures that are drawn while the page does something, in milliseconds between them. */
export const frames = (page: Page, work: string) =>
  page.evaluate<readonly number[]>(`(async () => {
    const gaps = [];
    let last = performance.now();
    for (let step = 0; step < 120; step += 1) {
      ${work}
      await new Promise(requestAnimationFrame);
      gaps.push(performance.now() - last);
      last = performance.now();
    }
    return gaps;
  })()`);
