import { performance } from "node:perf_hooks";

import type { Bench } from "../harness.ts";

/** A client that shows a job's progress polls about once a second. */
export const PAUSE_MS = 1000;

export interface Readings {
  /** Milliseconds from the request to the last byte of its answer. */
  readonly status: number[];
  readonly hello: number[];
  /** Every result of a request that is not a good answer. */
  readonly errors: string[];
}

/**
 * Run this many clients at once. Each repeats: a job's status, the Worker that says hello, a pause. So both are called equally
 * often and at the same time. Ends when `signal` is aborted.
 */
export async function readStatuses(
  { ours, hello }: Bench,
  {
    ids,
    headers,
    readers,
    signal,
  }: { ids: readonly string[]; headers: Record<string, string>; readers: number; signal: AbortSignal },
): Promise<Readings> {
  const readings: Readings = { status: [], hello: [], errors: [] };
  async function time(into: number[], request: () => Promise<Answer>): Promise<void> {
    const start = performance.now();
    try {
      const response = await request();
      const body = await response.text();
      if (response.ok) into.push(performance.now() - start);
      else readings.errors.push(`${response.status}: ${body.slice(0, 200)}`);
    } catch (error) {
      readings.errors.push(String(error));
    }
  }
  async function read(reader: number): Promise<void> {
    // Spread over the first pause, as clients would be.
    await sleep((reader / readers) * PAUSE_MS, signal);
    for (let turn = 0; !signal.aborted; turn += 1) {
      const id = ids[(reader * 31 + turn * 997) % ids.length] ?? "";
      await time(readings.status, () => ours.fetch(`http://localhost/v1/jobs/${id}`, { headers }));
      await time(readings.hello, () => hello.fetch("http://hello/"));
      await sleep(PAUSE_MS, signal);
    }
  }
  await Promise.all(Array.from({ length: readers }, (_, reader) => read(reader)));
  return readings;
}

interface Answer {
  readonly ok: boolean;
  readonly status: number;
  text(): Promise<string>;
}

/** Wait, until the signal at most. */
function sleep(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const timer = setTimeout(done, ms);
    function done() {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    }
    signal.addEventListener("abort", done);
  });
}
