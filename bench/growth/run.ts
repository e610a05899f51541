// `npm run bench:growth -- --jobs 1000000`: JSON lines, one for each statement; progress on standard error.
import { parseArgs } from "node:util";

import { print, round } from "../report.ts";
import { measureGrowth } from "./growth.ts";
import type { Measured } from "./measure.ts";
import { FULL_LOAD, simulateWaking } from "./waking.ts";

/** How often each call is timed at most. */
const TIMES = 30;

const { values } = parseArgs({
  options: { jobs: { type: "string", default: "100000" }, words: { type: "string", default: "1000" } },
});
const jobs = wholeNumber("--jobs", values.jobs);
const transcriptWords = wholeNumber("--words", values.words);
const sizes = [jobs / 100, jobs / 10, jobs].map(Math.floor).filter((size) => size >= 1000);

const { measured, bytes, pruning, archived, fillSeconds } = await measureGrowth(sizes.length > 0 ? sizes : [jobs], {
  transcriptWords,
  times: TIMES,
});
for (const [name, all] of Object.entries(Object.groupBy(measured, (one) => one.name))) printCase(name, all ?? []);
print({
  case: "growth.bytesPerJob",
  value: round(bytes.main / jobs),
  unit: "bytes",
  target: "≤ 700",
  searchBytesPerJob: round(bytes.search / jobs),
  transcriptWordsPerJob: transcriptWords / 100,
  jobs,
  bytesOfTables: bytes.ofTables,
  fillSeconds: round(fillSeconds),
});
print({
  case: "growth.archivedRowBytes",
  value: round(archived.packedRowBytes),
  unit: "bytes",
  target: "≤ 400",
  asLeftBytes: round(archived.rowBytes),
  bytesWithTagsLabelsAndUploads: round(archived.packedBytes),
  jobs: archived.jobs,
});
print({
  case: "growth.pruneJobsPerMinute",
  value: pruning.jobsAMinute,
  unit: "jobs a minute",
  target: "≥ 2000",
  runMs: round(pruning.ms),
});
const { deliveriesPerTask, emptyLeases, worstWaitRatio } = await simulateWaking(FULL_LOAD);
print({ case: "growth.deliveriesPerTask", value: round(deliveriesPerTask), unit: "deliveries", target: "≤ 1.5" });
print({ case: "growth.emptyLeases", value: round(emptyLeases, 3), unit: "share", target: "≤ 0.05" });
print({ case: "growth.worstWaitRatio", value: round(worstWaitRatio), unit: "ratio", target: "≤ 2" });

function printCase(name: string, all: readonly Measured[]): void {
  const last = all.at(-1);
  if (last === undefined) return;
  const perJobs = all.map((one) => ({ jobs: one.jobs, rowsRead: round(one.rowsRead), ms: round(one.ms, 3) }));
  const { goal, ms, rowsWritten } = last;
  print({
    case: `growth.${name}.rowsRead`,
    value: round(last.rowsRead),
    unit: "rows",
    target: `≤ ${goal}`,
    isMet: last.rowsRead <= goal,
    ms: round(ms, 3),
    rowsWritten: round(rowsWritten),
    perJobs,
  });
}

function wholeNumber(option: string, value: string): number {
  const number = Number(value);
  if (Number.isInteger(number) && number > 0) return number;
  throw new Error(`${option} takes a whole number above 0, for instance ${option} 10000; it was given '${value}'.`);
}
