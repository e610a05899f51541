// `npm run bench:page`: what the page weighs, how soon it can be used, and what the longest texts cost, in the browser that tests use.
import { readFile } from "node:fs/promises";
import { loadavg } from "node:os";
import { join } from "node:path";

import { startRunning } from "../../test/page/running.ts";
import { longTalk, putWords, recorded } from "../../test/page/transcripts.ts";
import { median, note, percentile, print, round } from "../report.ts";
import { delaysMs } from "./live.ts";
import { allScripts, gzipKb, noteScripts } from "./size.ts";
import { frames, longTasks, visit, watchWork } from "./visit.ts";

const JOBS = 1000;
const VISITS = 5;
const WORDS = 60_000;
const SIX_HOURS_MS = 6 * 3_600_000;
const PLAYED_MS = 10_000;
const LONG_TASK_MS = 100;
const LIVE_MINUTES = Number(process.env["DARKROOM_BENCH_MINUTES"] ?? 10);
const NOTE = join(import.meta.dirname, "../../local/samples/voice-note.mp3");
const PARTS = { list, transcript, live } as const;
/** All of them, unless some are named. */
const named = process.argv.slice(2);
const load = () => ({ load: round(loadavg()[0] ?? 0, 1) });

const running = await startRunning();
const { origin, env, api } = running;
const darkroom = { api, env: () => env };
try {
  for (const [name, measure] of Object.entries(PARTS)) if (named.length === 0 || named.includes(name)) await measure();
} finally {
  await running.stop();
}

/** What is loaded first, and when a list of so many jobs can be used. */
async function list(): Promise<void> {
  await api("/v1/jobs", { method: "POST", body: JSON.stringify({ kind: "classification", text: "The same again." }) });
  for (let batch = 1; batch <= JOBS / 100; batch += 1) {
    const jobs = Array.from({ length: 100 }, (_, index) => ({
      kind: "classification",
      text: "The same again.",
      tags: [`batch ${batch}`, `job ${index}`],
    }));
    await api("/v1/jobs/batch", { method: "POST", body: JSON.stringify({ jobs }) });
  }
  note(`${JOBS} jobs are there`);

  const lists: { readyMs: number; workMs: number; worstMs: number; scripts: readonly string[] }[] = [];
  for (let index = 0; index < VISITS; index += 1) {
    lists.push(
      await visit(running, async (page) => {
        const scripts = noteScripts(page);
        const workMs = await watchWork(page);
        await page.goto(`${origin}/`);
        await page.locator("a[data-job]").nth(49).waitFor();
        // It can be used once a key does what it should.
        await page.keyboard.press("j");
        await page.locator("a[data-job]:focus").waitFor();
        const readyMs = await page.evaluate<number>("performance.now()");
        const work = await workMs();
        await page.waitForTimeout(1500);
        const worstMs = Math.max(0, ...(await longTasks(page)).map(({ durationMs }) => durationMs));
        return { readyMs, workMs: work, worstMs, scripts: [...scripts] };
      }),
    );
  }
  print({
    case: "page.firstLoadKb",
    value: round(await gzipKb(lists[0]?.scripts ?? []), 1),
    unit: "kB gzip",
    target: "≤ 100",
  });
  print({ case: "page.allScriptsKb", value: round(await gzipKb(await allScripts()), 1), unit: "kB gzip" });
  print({
    case: "page.jobListReadyMs",
    value: round(median(lists.map(({ readyMs }) => readyMs)), 0),
    unit: "ms",
    jobs: JOBS,
    workMs: round(median(lists.map(({ workMs }) => workMs)), 0),
    longestTaskMs: round(median(lists.map(({ worstMs }) => worstMs)), 0),
    ...load(),
  });
}

/** Sixty thousand words: opened, scrolled, played. */
async function transcript(): Promise<void> {
  const id = await recorded(darkroom, "six hours.mp3", await readFile(NOTE));
  await putWords(darkroom, id, () => ({
    segments: longTalk(WORDS),
    durationMs: SIX_HOURS_MS,
  }));
  const opened: number[] = [];
  const worked: number[] = [];
  const scrolled: number[] = [];
  let playedMs = Number.NaN;
  const gaps: number[] = [];
  let longest: readonly number[] = [];
  for (let index = 0; index < VISITS; index += 1) {
    await visit(running, async (page) => {
      const workMs = await watchWork(page);
      await page.goto(`${origin}/jobs/${id}/transcript`);
      await page.locator(`[data-line="${WORDS / 12 - 1}"]`).waitFor({ state: "attached" });
      opened.push(
        await page.evaluate<number>("new Promise((drawn) => requestAnimationFrame(() => drawn(performance.now())))"),
      );
      const openedWork = await workMs();
      worked.push(openedWork);
      const steps = await frames(page, "scrollBy(0, 300);");
      gaps.push(...steps);
      scrolled.push(((await workMs()) - openedWork) / steps.length);
      if (index > 0) return;
      await page.evaluate("scrollTo(0, 0)");
      await page.locator(".player[data-by]").waitFor();
      await page.evaluate("longTasks.length = 0");
      const before = await workMs();
      await page.keyboard.press(" ");
      await page.waitForTimeout(PLAYED_MS);
      playedMs = (await workMs()) - before;
      longest = (await longTasks(page)).map(({ durationMs }) => durationMs);
    });
  }
  print({
    case: "page.sixHoursOpenMs",
    value: round(median(opened), 0),
    unit: "ms",
    target: "< 2000",
    words: WORDS,
    workMs: round(median(worked), 0),
    ...load(),
  });
  print({
    case: "page.scrollFrameMs",
    value: round(percentile(gaps, 0.95), 1),
    unit: "ms, p95",
    p50: round(percentile(gaps, 0.5), 1),
    workMs: round(median(scrolled), 1),
    worst: round(Math.max(...gaps), 0),
    ...load(),
  });
  print({
    case: "page.longTasksWhilePlaying",
    value: longest.filter((ms) => ms > LONG_TASK_MS).length,
    unit: `over ${LONG_TASK_MS} ms`,
    target: "0",
    longestMs: round(Math.max(0, ...longest), 0),
    seconds: PLAYED_MS / 1000,
    workMs: round(playedMs, 0),
    ...load(),
  });
}

async function live(): Promise<void> {
  const delays = await delaysMs(running, LIVE_MINUTES);
  print({
    case: "page.wordsAfterChunkMs",
    value: round(percentile(delays, 0.95), 0),
    unit: "ms, p95",
    target: "< 2000",
    p50: round(percentile(delays, 0.5), 0),
    chunks: delays.length,
    ...load(),
  });
}
