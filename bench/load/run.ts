// `npm run bench:load`: 200 clients that read statuses and 50 that follow events, while 2,000 jobs run. JSON lines.
import { type Bench, startBench } from "../harness.ts";
import { insertBenchKey } from "../key.ts";
import { untilCompleted } from "../pipeline.ts";
import { note, percentile, print, round } from "../report.ts";
import { darkroom, insertClassifications } from "../sides.ts";
import { putPictures } from "../sources.ts";
import { wake } from "../../shared/jobs/wake.ts";
import { PAUSE_MS, readStatuses } from "./readers.ts";
import { followJobs, hasStreams } from "./streams.ts";

const JOBS = 2000;
const READERS = 200;
const STREAMS = 50;
const WARM_UP_JOBS = 100;
/** Readers and jobs share the single thread of the simulators. */
const TIMEOUT_MS = 600_000;

const bench = await startBench({ counted: false });
try {
  await run(bench);
} finally {
  await bench.close();
}

async function run(started: Bench): Promise<void> {
  const { DB, MEDIA, TASKS } = started.oursEnv;
  const headers = await insertBenchKey(DB);
  // A key may have 20 open streams.
  const followers = await Promise.all(["one", "two", "three"].map((id) => insertBenchKey(DB, `bench${id}`)));
  note("putting 1,000 pictures of 32 KB into the bucket");
  const pictures = await putPictures(MEDIA, 1000);
  await started.setModelLatency(0);

  // Not measured: everything compiles, opens its database and grows its heap.
  const warmUp = darkroom(started);
  const send = await warmUp.prepare(pictures.slice(0, WARM_UP_JOBS));
  await send();
  await untilCompleted(warmUp, WARM_UP_JOBS);
  await DB.prepare("DELETE FROM jobs").run();

  const sources = Array.from({ length: JOBS }, (_, index) => pictures[index % pictures.length] ?? pictures[0]);
  const inserted = await insertClassifications(
    DB,
    sources.flatMap((source) => source ?? []),
  );
  const ids = inserted.map(({ id }) => id);
  const isStreaming = await hasStreams(started, ids[0] ?? "", headers);
  if (!isStreaming)
    note("This version does not have the route GET /v1/jobs/{id}/events, so load.missedEvents is left out");

  const stopping = new AbortController();
  const start = performance.now();
  const reading = readStatuses(started, { ids, headers, readers: READERS, signal: stopping.signal });
  const working = wake(
    TASKS,
    inserted.map(({ taskId }) => taskId),
  ).then(() => untilCompleted(warmUp, JOBS, TIMEOUT_MS));
  const following = isStreaming
    ? followJobs(started, { ids, keys: followers, streams: STREAMS, whenDone: working })
    : Promise.resolve(null);
  await working;
  const seconds = (performance.now() - start) / 1000;
  stopping.abort();
  const [readings, followed] = await Promise.all([reading, following]);

  const [value, peer] = [percentile(readings.status, 0.99), percentile(readings.hello, 0.99)];
  const [p50, peerP50] = [percentile(readings.status, 0.5), percentile(readings.hello, 0.5)];
  print({
    case: "load.statusP99Ms",
    value: round(value),
    unit: "ms",
    peer: round(peer),
    ratio: round(value / peer),
    target: "ratio <= 3",
    p50: round(p50),
    peerP50: round(peerP50),
    ratioP50: round(p50 / peerP50),
    readers: READERS,
    streams: isStreaming ? STREAMS : 0,
    pauseMs: PAUSE_MS,
    requests: readings.status.length,
    peerRequests: readings.hello.length,
    compared:
      "GET /v1/jobs/{id}, key checked, while the jobs run; peer: a Worker next to it that says hello, called by the same readers",
  });
  const errors = [...readings.errors, ...(followed?.errors ?? [])];
  print({
    case: "load.errors",
    value: errors.length,
    unit: "requests",
    target: "0",
    examples: [...new Set(errors)].slice(0, 5),
  });
  if (followed !== null) {
    const { missed, events, reconnects } = followed;
    print({
      case: "load.missedEvents",
      value: missed.length,
      unit: "jobs",
      target: "0",
      followed: JOBS,
      examples: missed.slice(0, 5),
      events,
      reconnects,
    });
  }
  const rate = round(JOBS / seconds, 1);
  print({ case: "load.jobs", value: JOBS, unit: "jobs", seconds: round(seconds, 1), jobsPerSecond: rate });
}
