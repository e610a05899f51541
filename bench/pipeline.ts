import type { Source } from "../shared/jobs/source.ts";
import type { Bench } from "./harness.ts";
import { type Figure, median, note, round } from "./report.ts";
import { darkroom, type Side, tutorial } from "./sides.ts";
import { SOURCE_BYTES } from "./sources.ts";

const WARM_UP_JOBS = 100;
const WATCH_EVERY_MS = 20;
const TIMEOUT_MS = 60_000;

export interface PipelineCase {
  readonly latencyMs: number;
  readonly jobsARound: number;
  readonly rounds: number;
  readonly target: string;
  /** A suffix of the figure's name, if ours does not run as shipped. */
  readonly variant?: string;
}

/**
 * Measure jobs a second from the first message sent to the last job completed. The sides alternate in short rounds, and medians
 * are compared, because the machine's own speed changes from one minute to the next.
 */
export async function measurePipeline(
  bench: Bench,
  sources: readonly Source[],
  { latencyMs, jobsARound, rounds, target, variant }: PipelineCase,
): Promise<Figure> {
  const name = `pipeline.latency${latencyMs}.jobsPerSecond${variant === undefined ? "" : `.${variant}`}`;
  const sides = { ours: darkroom(bench), theirs: tutorial(bench) };
  const rates = { ours: [] as number[], theirs: [] as number[] };
  // Not measured: both compile, open their databases and grow their heaps.
  await bench.setModelLatency(0);
  for (const side of [sides.ours, sides.theirs]) await runRound(side, sources.slice(0, WARM_UP_JOBS));
  await bench.setModelLatency(latencyMs);
  for (let index = 0; index < rounds; index += 1) {
    const from = (index * jobsARound) % sources.length;
    const taken = sources.slice(from, from + jobsARound);
    for (const who of index % 2 === 0 ? (["ours", "theirs"] as const) : (["theirs", "ours"] as const)) {
      rates[who].push(taken.length / (await runRound(sides[who], taken)));
      bench.clearLogs();
    }
    note(
      `${name} ${index + 1}/${rounds}: ours ${rates.ours.at(-1)?.toFixed(1)}, peer ${rates.theirs.at(-1)?.toFixed(1)}`,
    );
  }
  const [value, peer] = [median(rates.ours), median(rates.theirs)];
  return {
    case: name,
    value: round(value, 1),
    unit: "jobs/s",
    peer: round(peer, 1),
    ratio: round(value / peer),
    target,
    compared: "classification of a PNG: one R2 get, one model call, one R2 put on both sides; peer: tutorial consumer",
    jobsASide: jobsARound * rounds,
    objectBytes: SOURCE_BYTES,
    rounds: rates.ours.map((rate) => round(rate, 1)),
    peerRounds: rates.theirs.map((rate) => round(rate, 1)),
  };
}

/** Run a round. Returns seconds. */
async function runRound(side: Side, sources: readonly Source[]): Promise<number> {
  const send = await side.prepare(sources);
  const start = performance.now();
  await send();
  await untilCompleted(side, sources.length);
  return (performance.now() - start) / 1000;
}

/**
 * Wait for the jobs. Polling takes time from the core that does the work, so there are few polls at first: halfway to the
 * point where a tenth is left, by the pace so far. The last tenth is polled often. The same on both sides.
 */
export async function untilCompleted(side: Side, count: number, timeoutMs = TIMEOUT_MS): Promise<void> {
  const start = performance.now();
  let waitMs = 100;
  for (;;) {
    await new Promise((resolve) => setTimeout(resolve, waitMs));
    const completed = await side.countCompleted();
    if (completed === count) return;
    const elapsedMs = performance.now() - start;
    if (elapsedMs > timeoutMs) throw new Error(`${completed} of ${count} jobs completed within ${timeoutMs} ms`);
    const unwatched = Math.max(0, 0.9 * count - completed);
    const halfWayMs = ((elapsedMs / Math.max(1, completed)) * unwatched) / 2;
    waitMs = Math.max(WATCH_EVERY_MS, Math.min(elapsedMs, halfWayMs));
  }
}
