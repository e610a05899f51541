// The operations that receipts estimate instead of counting, compared with D1's own counts.
import { beforeEach, expect, test } from "vitest";

import { insertJobs } from "../shared/db/jobs/jobs.ts";
import { leaseTasks } from "../shared/db/tasks/leases.ts";
import { settleTasks } from "../shared/db/tasks/settle.ts";
import { newJob } from "../shared/jobs/new-job.ts";
import { type D1Rows, rowsOf } from "../shared/jobs/operations.ts";
import { reckonRows, type Traces } from "../shared/cost/reckoning.ts";
import type { Completed, EndedAttempt, Outcome } from "../shared/jobs/outcome.ts";
import type { Passage, PassageSource } from "../shared/search/passage.ts";
import type { NewTask } from "../shared/jobs/task.ts";
import { JobTerms } from "../shared/jobs/terms.ts";
import { startDarkroom } from "./harness.ts";
import { JobWork } from "../shared/kinds/index.ts";

const darkroom = startDarkroom();
const NOTHING: Traces = {
  hasSource: false,
  hasUpload: false,
  isEnded: true,
  furtherTasks: 0,
  laterTasks: 0,
  wokenTasks: 1,
  attempts: 1,
  attemptsAgain: 0,
  attemptsAsking: 1,
  artifacts: 0,
  labels: 0,
  chunks: 0,
  passages: 0,
  deadLetters: 0,
  deliveries: 0,
};

let rows = { d1RowsRead: 0, d1RowsWritten: 0 };
beforeEach(() => {
  rows = { d1RowsRead: 0, d1RowsWritten: 0 };
});

/** The database, with counts of the rows that were read and written. */
function watched(): D1Database {
  const { DB } = darkroom.bindings();
  return new Proxy(DB, {
    get(target, name) {
      if (name === "prepare") return (sql: string) => target.prepare(sql);
      return async (statements: D1PreparedStatement[]) => {
        const results = await target.batch(statements);
        const more = rowsOf(results);
        rows.d1RowsRead += more.d1RowsRead;
        rows.d1RowsWritten += more.d1RowsWritten;
        return results;
      };
    },
  });
}

/** Submit a job, and settle its tasks one after the other with these outcomes. */
async function run(work: unknown, outcomes: readonly Outcome[], hasUpload = false): Promise<D1Rows> {
  const now = Date.now();
  const id = `job_${crypto.randomUUID()}`;
  const upload = { bucket: "b", key: id, etag: "e", storedAt: now };
  const about = { id, ownerId: "ann", createdAt: now, ...(hasUpload && { upload }) };
  const job = await newJob(JobWork.parse(work), JobTerms.parse({}), about);
  const uploads = hasUpload ? [{ ...upload, ownerId: "ann", sizeBytes: 1, jobId: id, ignoredReason: null }] : [];
  await insertJobs(watched(), { jobs: [job], uploads }, now);
  for (const outcome of outcomes) {
    const lease = { id: crypto.randomUUID(), now: Date.now(), leaseMs: 90_000, limit: 1, callsAMinute: {} };
    // The reads and writes of a lease are counted, and not estimated.
    const [task] = await leaseTasks(darkroom.bindings().DB, lease);
    expect(task!.leaseRows.d1RowsWritten).toBeGreaterThanOrEqual(2);
    const isAsking = task!.kind !== "join_transcript" && !("next" in outcome);
    const call = { model: "m", engine: "e", units: {}, neurons: 1, isEstimated: false, durationMs: 1 };
    const ended: EndedAttempt = {
      taskId: task!.id,
      leaseId: lease.id,
      outcome,
      calls: isAsking ? [call] : [],
      isBudgeted: false,
      startedAt: now,
      finishedAt: now,
    };
    await settleTasks(watched(), [ended], { now: Date.now() });
  }
  return rows;
}

const artifact = (name: string) => ({ name, key: `results/${name}`, contentType: "a/b", sizeBytes: 1, etag: "e" });
/** Passages of one source by which a job is found. Each task writes its own. */
const passages = (source: PassageSource, count: number): readonly Passage[] =>
  Array.from({ length: count }, (_, index) => {
    return { id: `job:${source}:${index}`, source, text: `said ${index}`, startMs: null, endMs: null };
  });
const labels = ["a", "b", "c"].map((label) => ({ label, score: 0.5 }));
const transcript: Completed = {
  type: "completed",
  artifacts: ["a", "b", "c", "d"].map(artifact),
  passages: passages("transcript", 7),
};
const failure = { code: "x", message: "y" };
const later = Date.now() + 3_600_000;

function heard(index: number): Completed {
  const piece = { index, startMs: index, endMs: index + 1, ownStartMs: index, ownEndMs: index + 1 };
  return {
    type: "completed",
    transcribed: { ...piece, segments: [], model: "m", engine: "e", language: null, doubt: null },
  };
}

const chunk = (index: number): NewTask => {
  return { name: `chunk-${index}`, kind: "transcribe_chunk", stage: 1, model: "m", args: {} };
};
const join: NewTask = { name: "join", kind: "join_transcript", stage: 2, model: null, args: {} };

const TEXT = { kind: "classification", input: { text: "a", options: {} } };
const PICTURE = { kind: "image_generation", input: { prompt: "a", options: {} } };
const RECORDING = {
  kind: "transcription",
  input: { source: { key: "inbox/a", etag: "e", sizeBytes: 1 }, options: {} },
};

interface Case {
  readonly name: string;
  readonly work: unknown;
  readonly outcomes: readonly Outcome[];
  readonly left: Partial<Traces>;
}

const CASES: readonly Case[] = [
  {
    name: "a text",
    work: TEXT,
    outcomes: [{ type: "completed", artifacts: [artifact("l")], labels, passages: passages("text", 2) }],
    left: { artifacts: 1, labels: 3, passages: 2 },
  },
  {
    name: "a picture",
    work: PICTURE,
    outcomes: [{ type: "completed", artifacts: [artifact("i")], passages: passages("prompt", 1) }],
    left: { artifacts: 1, passages: 1 },
  },
  {
    name: "a short recording",
    work: RECORDING,
    outcomes: [transcript],
    left: { hasSource: true, hasUpload: true, artifacts: 4, passages: 7 },
  },
  {
    name: "a recording that a client named",
    work: RECORDING,
    outcomes: [transcript],
    left: { hasSource: true, artifacts: 4, passages: 7 },
  },
  {
    name: "a long recording",
    work: RECORDING,
    outcomes: [
      { type: "completed", next: [chunk(0), chunk(1), chunk(2), join] },
      heard(0),
      heard(1),
      heard(2),
      transcript,
    ],
    left: {
      hasSource: true,
      hasUpload: true,
      furtherTasks: 3,
      laterTasks: 1,
      attempts: 5,
      attemptsAsking: 3,
      chunks: 3,
      artifacts: 4,
      passages: 7,
    },
  },
  {
    name: "a text with two steps",
    work: { ...TEXT, input: { ...TEXT.input, then: ["summarise", "embed"] } },
    outcomes: [
      { type: "completed", artifacts: [artifact("l")], labels, passages: passages("text", 2) },
      { type: "completed", artifacts: [artifact("s"), artifact("t")], passages: passages("summary", 1) },
      { type: "completed" },
    ],
    left: { laterTasks: 2, attempts: 3, attemptsAsking: 3, artifacts: 3, labels: 3, passages: 3 },
  },
  {
    name: "one that is tried again",
    work: PICTURE,
    outcomes: [{ type: "retry", failure, scheduledAt: later }],
    left: { isEnded: false, attemptsAgain: 1 },
  },
  {
    name: "one that waits for capacity",
    work: PICTURE,
    outcomes: [{ type: "snooze", failure, scheduledAt: later }],
    left: { isEnded: false, attemptsAgain: 1 },
  },
  { name: "one given up on", work: PICTURE, outcomes: [{ type: "discard", failure }], left: { deadLetters: 1 } },
];

test.each(CASES)("$name: rows written are reckoned to the last one, rows read within a third", async (one) => {
  const found = await run(one.work, one.outcomes, one.left.hasUpload);
  const reckoned = reckonRows({ ...NOTHING, ...one.left });
  expect(found.d1RowsWritten).toBe(reckoned.d1RowsWritten);
  expect(reckoned.d1RowsRead).toBeGreaterThanOrEqual(found.d1RowsRead / 1.33);
  // A retried task reads less, and costs the same as the others.
  expect(reckoned.d1RowsRead).toBeLessThanOrEqual(found.d1RowsRead * (one.left.attemptsAgain === 1 ? 3 : 1.33));
});
