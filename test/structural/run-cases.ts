import { Worker } from "node:worker_threads";

import { casesOf } from "./containers.ts";
import type { Probed } from "./probe.ts";

export interface Assignment {
  readonly container: string;
  readonly quantityBytes: number;
  readonly from: number;
  /** The number of the running case; -1 while the thread starts. */
  readonly progress: Int32Array;
}

export type Report =
  | { readonly type: "probed"; readonly name: string; readonly probed: Probed }
  | { readonly type: "done" };

export interface Summary {
  readonly cases: number;
  /** The results of the cases by their names. */
  readonly outcomes: ReadonlyMap<string, Probed>;
  /** The faults, as "case: fault". */
  readonly findings: readonly string[];
}

/** The time after which a parser counts as never returning. No case takes a hundredth of it on any machine. */
const WATCHDOG_MS = 30_000;
const LOOK_MS = 100;
const HEAP_MB = 256;
/** The most hanging cases before a run stops. Each costs the watchdog's time. */
const MAX_STOPS = 2;

/** Probe every case of a container in a thread. A case that stops the thread is a finding, and the others continue in a new thread. */
export async function runCases(container: string, quantityBytes: number, watchdogMs = WATCHDOG_MS): Promise<Summary> {
  const names = casesOf(container, quantityBytes).map(({ name }) => name);
  const outcomes = new Map<string, Probed>();
  const findings: string[] = [];
  let stops = 0;
  for (let from = 0; from < names.length && stops < MAX_STOPS;) {
    const progress = new Int32Array(new SharedArrayBuffer(4));
    progress[0] = -1;
    const stopped = await runThread({ container, quantityBytes, from, progress }, watchdogMs, (report) => {
      if (report.type !== "probed") return;
      outcomes.set(report.name, report.probed);
      for (const finding of report.probed.findings) findings.push(`${report.name}: ${finding}`);
    });
    if (stopped === null) break;
    const at = Math.max(from, Atomics.load(progress, 0));
    findings.push(`${names[at]}: ${stopped}`);
    from = at + 1;
    stops += 1;
  }
  return { cases: names.length, outcomes, findings };
}

/** Return why the thread ended before it was done; null if it was done. */
async function runThread(
  assignment: Assignment,
  watchdogMs: number,
  onReport: (report: Report) => void,
): Promise<string | null> {
  const worker = new Worker(`${import.meta.dirname}/worker.ts`, {
    workerData: assignment,
    execArgv: [],
    resourceLimits: { maxOldGenerationSizeMb: HEAP_MB },
  });
  return new Promise((resolve) => {
    let seen = -1;
    let seenAtMs = performance.now();
    const watchdog = setInterval(() => {
      const at = Atomics.load(assignment.progress, 0);
      if (at !== seen) {
        seen = at;
        seenAtMs = performance.now();
      } else if (at >= 0 && performance.now() - seenAtMs > watchdogMs) end(`does not return in ${watchdogMs / 1000} s`);
    }, LOOK_MS);
    function end(stopped: string | null): void {
      clearInterval(watchdog);
      void worker.terminate();
      resolve(stopped);
    }
    worker.on("message", (report: Report) => {
      if (report.type === "done") end(null);
      else onReport(report);
    });
    worker.on("error", (error) => end(`ended its thread: ${error instanceof Error ? error.message : String(error)}`));
    worker.on("exit", (code) => end(`ended its thread with code ${code}`));
  });
}
