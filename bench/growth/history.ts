// A history of jobs that ran: inserted, leased and settled by the product's own statements, batch by batch.
import { insertJobs } from "../../shared/db/jobs/jobs.ts";
import { leaseTasks } from "../../shared/db/tasks/leases.ts";
import { settleTasks } from "../../shared/db/tasks/settle.ts";
import { DAY_MS, HOUR_MS } from "../../shared/durations.ts";
import type { EndedAttempt, Outcome } from "../../shared/jobs/outcome.ts";
import type { JobKind } from "../../shared/kinds/index.ts";
import type { Task } from "../../shared/jobs/task.ts";
import { cutPassages } from "../../shared/search/cut-passages.ts";
import { resultsPrefix } from "../../shared/uploads/storage.ts";
import { createRandom } from "../../local/seeded-random.ts";
import { createJobs, type DrawnJob } from "./drawn-jobs.ts";

/** The end of the history. Its jobs ended in the thirty days before. */
export const NOW = Date.parse("2026-11-29T12:00:00Z");
export const HISTORY_DAYS = 30;

const BATCH = 50;
const LEASE_MS = 15 * 60_000;
const FAILED_SHARE = 0.01;
/** Messages of failures differ in numbers, and in a few words. */
const FAILURES = ["no audio track", "unsupported codec", "unreadable header", "empty file", "refused prompt"] as const;

/** Adds jobs to a database. Each call goes on where the last one ended. */
export function createHistory(db: D1Database, { seed, transcriptWords }: { seed: number; transcriptWords: number }) {
  const draw = createJobs(seed, { transcriptWords });
  const random = createRandom(seed, 1);
  let batches = 0;
  return {
    async add(jobs: number): Promise<void> {
      for (let added = 0; added < jobs; added += BATCH) {
        const at = timeOf((batches += 1));
        const drawn: DrawnJob[] = [];
        for (let index = 0; index < Math.min(BATCH, jobs - added); index += 1) drawn.push(await draw(at + index));
        await insert(db, drawn, at);
        await runAll(db, drawn, { at: at + 1000, fails: () => random() < FAILED_SHARE });
      }
    },
  };
}

/** Spread evenly over the history, however few batches there are: multiples of the golden ratio. Nothing ended within the last hour. */
function timeOf(batch: number): number {
  const share = (batch * 0.618_033_988_749_895) % 1;
  return Math.floor(NOW - HOUR_MS - share * (HISTORY_DAYS * DAY_MS - HOUR_MS));
}

async function insert(db: D1Database, drawn: readonly DrawnJob[], now: number): Promise<void> {
  const uploads = drawn.flatMap(({ job: { id, ownerId, upload }, source }) =>
    upload === undefined || source === null
      ? []
      : [{ ...upload, ownerId, sizeBytes: source.sizeBytes, jobId: id, ignoredReason: null }],
  );
  await insertJobs(db, { jobs: drawn.map(({ job }) => job), uploads }, now);
}

/** Lease and settle until nothing waits. */
async function runAll(
  db: D1Database,
  drawn: readonly DrawnJob[],
  { at, fails }: { readonly at: number; readonly fails: () => boolean },
): Promise<void> {
  const byId = new Map(drawn.map((one) => [one.job.id, one]));
  for (let turn = 0; ; turn += 1) {
    const lease = { id: `lease_${at}_${turn}`, now: at + turn, leaseMs: LEASE_MS, limit: BATCH, callsAMinute: {} };
    const tasks = await leaseTasks(db, lease);
    if (tasks.length === 0) return;
    const ended = tasks.map((task) => ({
      ...attemptOf(task, at),
      outcome: fails() ? failureOf(task) : outcomeOf(task, byId.get(task.jobId)),
    }));
    await settleTasks(db, ended, { now: at + 3000 });
  }
}

/** An attempt that asked its model once and stored one result. */
export function attemptOf(task: Task, at: number): EndedAttempt {
  const model = task.model ?? "none";
  const call = { model, engine: "workers-ai", units: { inputTokens: 20 }, neurons: 1.5, isEstimated: false };
  return {
    taskId: task.id,
    leaseId: task.leaseId,
    outcome: outcomeOf(task, undefined),
    calls: [{ ...call, durationMs: 800 }],
    isBudgeted: false,
    operations: { r2ClassA: 1, r2ClassB: 1, d1RowsRead: 30, d1RowsWritten: 9 },
    stored: [], // nothing beside its artifacts
    startedAt: at,
    finishedAt: at + 2000,
  };
}

function outcomeOf({ jobId, attempt }: Task, drawn: DrawnJob | undefined): Outcome {
  const names = FILES[drawn?.job.kind ?? "classification"];
  const artifacts = names.map((name) => ({
    name,
    key: `${resultsPrefix(jobId)}${attempt}/${name}`,
    contentType: "application/json",
    sizeBytes: 2000,
    etag: "0123456789abcdef0123456789abcdef",
  }));
  const labels = (drawn?.labels ?? []).map((label, index) => ({ label, score: 0.9 - index / 10 }));
  const passages = cutPassages(
    jobId,
    drawn?.job.kind === "transcription" ? transcriptOf(drawn) : { text: drawn?.words ?? "" },
  );
  return { type: "completed", artifacts, labels, passages };
}

const FILES: Readonly<Record<JobKind, readonly string[]>> = {
  text_generation: ["text.txt", "generation.json"],
  classification: ["labels.json"],
  image_generation: ["image.jpg"],
  transcription: ["transcript.json", "transcript.txt", "transcript.vtt", "transcript.srt"],
};
const WORDS_A_SEGMENT = 12;

function transcriptOf({ words }: DrawnJob) {
  const all = words.split(" ");
  const segments = Array.from({ length: Math.ceil(all.length / WORDS_A_SEGMENT) }, (_, index) => ({
    startMs: index * 4000,
    endMs: (index + 1) * 4000,
    text: all.slice(index * WORDS_A_SEGMENT, (index + 1) * WORDS_A_SEGMENT).join(" "),
    words: [],
  }));
  return { transcript: segments };
}

function failureOf({ jobId }: Task): Outcome {
  const which = FAILURES[jobId.charCodeAt(jobId.length - 1) % FAILURES.length] ?? FAILURES[0];
  return { type: "discard", failure: { code: "undecodable_input", message: `The file has ${which}.` } };
}
