// A separate thread, because a parser that never returns can only be stopped from outside.
import { parentPort, workerData } from "node:worker_threads";

import { casesOf } from "./containers.ts";
import { probe } from "./probe.ts";
import type { Assignment, Report } from "./run-cases.ts";

const { container, quantityBytes, from, progress }: Assignment = workerData;
// eslint-disable-next-line unicorn/require-post-message-target-origin -- a port of a thread has no origin
const post = (report: Report) => parentPort?.postMessage(report);

const cases = casesOf(container, quantityBytes);
for (const [index, one] of cases.entries()) {
  if (index < from) continue;
  Atomics.store(progress, 0, index);
  post({ type: "probed", name: one.name, probed: await probe(one.source()) });
}
post({ type: "done" });
