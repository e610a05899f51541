import { MultiBar } from "cli-progress";

import { clock } from "../../shared/transcripts/clock.ts";
import type { Job, Progress } from "../index.ts";
import { clean } from "./output.ts";

export interface Bar {
  readonly upload: (progress: Progress) => void;
  readonly job: (job: Job) => void;
}

/** Progress bars on stderr. Nothing is shown if stderr is not a terminal. */
export interface Bars {
  bar(name: string): Bar;
  /** Call `run` now, or when the bars stop if its output would overwrite them. */
  print(run: () => void): void;
  stop(): void;
}

/** The width of `running, 12 of 110 chunks, 1:02:03 of 1:47:34`. The figure matters most, so it is never cut. */
const FIGURE_WIDTH = 46;

export function createBars(): Bars {
  if (!process.stderr.isTTY) {
    return { bar: () => ({ upload: nothing, job: nothing }), print: (run) => run(), stop: nothing };
  }
  const later: (() => void)[] = [];
  const { columns } = process.stderr;
  // A job's id has 36 characters. The last ones are enough to distinguish two jobs.
  const nameWidth = columns < 100 ? 22 : 36;
  const bars = new MultiBar({
    format: "{name} [{bar}] {figure}",
    stream: process.stderr,
    barsize: Math.max(6, Math.min(24, columns - nameWidth - FIGURE_WIDTH - 4)),
    linewrap: false,
    hideCursor: true,
    emptyOnZero: true,
    // The session handles Ctrl-C, and stops the bars.
    gracefulExit: false,
  });
  return {
    bar(name) {
      const short = clean(name).slice(-nameWidth).padEnd(nameWidth);
      const bar = bars.create(1, 0, { name: short, figure: "" });
      const show = (value: number, total: number, figure: string) => {
        bar.setTotal(total);
        bar.update(value, { figure });
      };
      return {
        upload({ sentBytes, totalBytes }) {
          show(sentBytes, totalBytes, sizes(sentBytes, totalBytes));
        },
        job({ state, progress }) {
          const { tasksCompleted, tasksTotal } = progress;
          show(tasksCompleted, Math.max(1, tasksTotal), `${state}, ${figureOf(progress)}`);
        },
      };
    },
    print: (run) => void later.push(run),
    stop() {
      bars.stop();
      for (const run of later.splice(0)) run();
    },
  };
}

/** How much of a job is done, in words. A long recording shows its chunks and the time transcribed. */
export function figureOf(progress: Job["progress"]): string {
  const { tasksCompleted, tasksTotal } = progress;
  if (!("audioMsTotal" in progress) || progress.audioMsTotal == null) return `${tasksCompleted} of ${tasksTotal}`;
  return `${progress.chunksCompleted ?? 0} of ${progress.chunksTotal ?? 0} chunks, ${clock(progress.audioMsDone ?? 0)} of ${clock(progress.audioMsTotal)}`;
}

function sizes(sentBytes: number, totalBytes: number): string {
  const [unit, unitBytes] = totalBytes < 1e6 ? (["kB", 1e3] as const) : (["MB", 1e6] as const);
  return `${(sentBytes / unitBytes).toFixed(1)} of ${(totalBytes / unitBytes).toFixed(1)} ${unit}`;
}

function nothing(): void {}
