import { IMAGE_CLASSIFIER } from "../shared/models/models.ts";
import { archiveJobs, forgetArchives } from "../consumer/maintenance/archive.ts";
import { endUploads } from "../consumer/maintenance/end-rows.ts";
import { pruneFinalized } from "../consumer/maintenance/prune.ts";
import { countedBucket } from "../shared/jobs/operations.ts";
import { DAY_MS } from "../shared/durations.ts";
import { createJournal } from "../shared/jobs/journal.ts";
import { d1Index } from "../shared/search/d1-index.ts";
import { microUsd, neuronsFor } from "../shared/cost/neurons.ts";
import type { Source } from "../shared/jobs/source.ts";
import { operationMicroUsd } from "../producer/usage/prices.ts";
import type { Bench } from "./harness.ts";
import { untilCompleted } from "./pipeline.ts";
import { type Figure, round } from "./report.ts";
import { darkroom, tutorial } from "./sides.ts";
import { countedDatabase, type Counts, emptyCounts, type Report } from "./workers/count-calls.ts";

const MESSAGES_A_CALL = 50;

/** What a job needs on either side, counted from real calls. */
export interface CallsPerJob {
  readonly ours: Report;
  readonly theirs: Report;
  readonly jobs: number;
}

/**
 * Take objects all the way through on counted bindings. Ours start from R2 event notifications, and pass the upload consumer
 * and the task consumer. The tutorial's start from its own messages, which count as notifications too.
 */
export async function countCalls(bench: Bench, sources: readonly Source[]): Promise<CallsPerJob> {
  const theirs = tutorial(bench);
  await (
    await theirs.prepare(sources)
  )();
  await untilCompleted(theirs, sources.length);

  const events = sources.map(({ key, etag, sizeBytes }) => ({
    account: "0",
    action: "PutObject",
    bucket: "darkroom-media",
    object: { key, size: sizeBytes, eTag: etag },
    eventTime: "2026-11-23T00:00:00.000Z",
  }));
  for (let start = 0; start < events.length; start += MESSAGES_A_CALL) {
    await bench.oursEnv.UPLOADS.sendBatch(events.slice(start, start + MESSAGES_A_CALL).map((body) => ({ body })));
  }
  await untilCompleted(darkroom(bench), sources.length);
  const ours = (await (await bench.ours.fetch("http://bench/")).json()) as Report;
  return {
    ours: await untilNothingIsLeft(ours, bench),
    theirs: (await (await bench.theirs.fetch("http://bench/")).json()) as Report,
    jobs: sources.length,
  };
}

/**
 * Archive the jobs after two days, prune them after thirty days, and end the rows of their uploads after ninety days. Archiving and
 * pruning are each counted like a queue.
 */
async function untilNothingIsLeft(report: Report, { oursEnv: { DB, MEDIA } }: Bench): Promise<Report> {
  const d1RowsWrittenBy = { ...report.d1RowsWrittenBy };
  const archiving = emptyCounts();
  const pruning = emptyCounts();
  const counted = (counts: Counts) => ({
    db: countedDatabase(DB, counts, d1RowsWrittenBy),
    media: countedBucket(MEDIA, counts),
  });
  // The duties that run before the archiver have nothing to do for jobs of the inbox.
  await DB.exec(
    `INSERT INTO cursors (name, value) VALUES ('recorded', '${Date.now() + DAY_MS}'), ('words', 'all') ON CONFLICT (name) DO UPDATE SET value = excluded.value`,
  );
  const journal = createJournal();
  const archiver = { ...counted(archiving), journal, archiveAfterMs: 2 * DAY_MS };
  while ((await archiveJobs(archiver, Date.now() + 3 * DAY_MS)) > 0);
  const whole = await DB.prepare("SELECT count(*) AS n FROM jobs WHERE archive_id IS NULL").first<number>("n");
  if (whole !== 0) throw new Error(`${whole} jobs were not archived`);
  const { db, media } = counted(pruning);
  await pruneFinalized({ db, media, passages: d1Index(db), retentionDays: 30 }, Date.now() + 31 * DAY_MS);
  await forgetArchives({ ...archiver, db, media }, Date.now() + 34 * DAY_MS);
  await endUploads({ db, uploadDays: 90, auditDays: 400 }, Date.now() + 92 * DAY_MS);
  const left = await DB.prepare(
    "SELECT (SELECT count(*) FROM jobs) + (SELECT count(*) FROM uploads) AS n",
  ).first<number>("n");
  if (left !== 0) throw new Error(`${left} jobs and uploads were not pruned`);
  return { ...report, queues: { ...report.queues, archiving, pruning }, d1RowsWrittenBy };
}

/** The D1 round trips of the consumer that calls the models, without the other queues. */
export function d1RoundTrips({ ours, theirs, jobs }: CallsPerJob): Figure {
  const tasks = ours.queues["media-tasks"];
  const images = theirs.queues["tutorial-images"];
  if (tasks === undefined || images === undefined) throw new Error("a consumer was never invoked");
  const peer = images.d1RoundTrips / jobs;
  const value = tasks.d1RoundTrips / jobs;
  return {
    case: "consumer.d1RoundTripsPerJob",
    value: round(value, 3),
    unit: "round trips/job",
    peer: round(peer, 3),
    ratio: round(value / peer, 3),
    target: "value <= 0.5",
    jobs,
    messagesPerInvocation: round(tasks.messages / tasks.invocations, 1),
    statementsPerJob: round(tasks.d1Statements / jobs, 3),
  };
}

export function costPerMillionJobs({ ours, theirs, jobs }: CallsPerJob): Figure {
  const { totalUsd: value, ...parts } = costOf(ours, jobs);
  const { totalUsd: peer, ...peerParts } = costOf(theirs, jobs);
  return {
    case: "cost.perMillionJobsUsd",
    value: round(value),
    unit: "USD",
    peer: round(peer),
    ratio: round(value / peer),
    ...parts,
    d1RowsWrittenByQueue: rounded(
      Object.fromEntries(Object.entries(ours.queues).map(([queue, counts]) => [queue, counts.d1RowsWritten / jobs])),
    ),
    d1RowsWrittenBy: rounded(
      Object.fromEntries(Object.entries(ours.d1RowsWrittenBy).map(([subject, rows]) => [subject, rows / jobs])),
    ),
    peerParts,
    jobs,
    notIncluded: {
      resnet50Usd: microUsd(neuronsFor(IMAGE_CLASSIFIER, { pictures: 1_000_000 })) / 1e6,
      others: "status requests, cron, storage, CPU time, and what a plan includes",
    },
  };
}

function costOf({ queues, logLines }: Report, jobs: number) {
  const all = Object.values(queues);
  const perJob = (count: (counts: Counts) => number) => all.reduce((sum, counts) => sum + count(counts), 0) / jobs;
  const calls = {
    // One for the client's put of the object, which the bench did before it began to count.
    r2ClassA: perJob(({ r2ClassA }) => r2ClassA) + 1,
    r2ClassB: perJob(({ r2ClassB }) => r2ClassB),
    // A message is written, read and deleted once, and read again at every redelivery.
    queueOperations: perJob(({ messages, redeliveries }) => 3 * (messages - redeliveries) + redeliveries),
    d1RowsRead: perJob(({ d1RowsRead }) => d1RowsRead),
    d1RowsWritten: perJob(({ d1RowsWritten }) => d1RowsWritten),
    invocations: perJob(({ invocations }) => invocations),
    logEvents: logLines / jobs + perJob(({ invocations }) => invocations),
  };
  // A micro-dollar for each job is a dollar for a million jobs.
  const usd = {
    r2Usd: operationMicroUsd("r2ClassA", calls.r2ClassA) + operationMicroUsd("r2ClassB", calls.r2ClassB),
    queuesUsd: operationMicroUsd("queueOperations", calls.queueOperations),
    d1Usd: operationMicroUsd("d1RowsRead", calls.d1RowsRead) + operationMicroUsd("d1RowsWritten", calls.d1RowsWritten),
    requestsUsd: operationMicroUsd("workerRequests", calls.invocations),
    logsUsd: operationMicroUsd("logEvents", calls.logEvents),
  };
  const totalUsd = Object.values(usd).reduce((sum, part) => sum + part, 0);
  return { totalUsd, ...rounded(usd), perJob: rounded(calls) };
}

function rounded(values: Readonly<Record<string, number>>): Record<string, number> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, round(value, 3)]));
}
