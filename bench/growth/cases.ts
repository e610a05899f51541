// The statements that are measured, each a call of the product's own function, and the rows that it may read.
import { findExpiredLeases, takeDueTasks } from "../../shared/db/jobs/maintenance.ts";
import { releaseForgotten } from "../../shared/db/jobs/followers.ts";
import { insertJobs } from "../../shared/db/jobs/jobs.ts";
import { type JobFilter, listJobs } from "../../shared/db/jobs/job-lists.ts";
import { readJob } from "../../shared/db/jobs/reads.ts";
import { releaseHeld } from "../../shared/db/cost/holds.ts";
import { groupDeadLetters } from "../../shared/db/redrives/dead-letter-reads.ts";
import { leaseTasks, msUntilNext } from "../../shared/db/tasks/leases.ts";
import { readLoad, readOwnLoad } from "../../shared/db/tasks/load.ts";
import { settleTasks } from "../../shared/db/tasks/settle.ts";
import { readThroughput } from "../../shared/db/tasks/throughput.ts";
import { transact } from "../../shared/db/transact.ts";
import { DAY_MS } from "../../shared/durations.ts";
import { pairMark, tagMark } from "../../shared/jobs/tags-and-metadata.ts";
import { callsAMinute } from "../../shared/models/models.ts";
import { rank } from "../../shared/search/rank.ts";
import { waitingOwner } from "./backlog.ts";
import { COMMON_LABEL, COMMON_TAG, COMMON_WORDS, createJobs, LARGEST, RARE_PAIR, SMALLEST } from "./drawn-jobs.ts";
import { attemptOf, NOW } from "./history.ts";

/** A statement, or the statements of one call. */
export interface Case {
  readonly name: string;
  /** The rows that it may read, for each thing that it handles. */
  readonly goal: number;
  /** If it returns a number, that is how many things it handled, and the figures are divided by it. */
  act(db: D1Database): Promise<unknown>;
}

const PAGE = 50;
const LEASED = 10;
function list(name: string, goal: number, filter: JobFilter, ownerId = LARGEST): Case {
  const page = { ownerId, limit: PAGE, before: undefined, figures: false };
  return { name: `list.${name}`, goal, act: (db) => listJobs(db, filter, page) };
}

const OLD_DAY = { createdAfter: NOW - 15 * DAY_MS, createdBefore: NOW - 14 * DAY_MS };

/** What clients and pages ask, while nothing waits. `job` is an ended one. */
export function readCases(job: { readonly id: string; readonly ownerId: string }): readonly Case[] {
  const letters = { state: "open", fingerprint: undefined, jobId: undefined } as const;
  return [
    { name: "status", goal: 60, act: (db) => readJob(db, job) },
    list("plain", 150, {}),
    list("running", 300, { state: "running" }),
    list("failed", 300, { state: "failed" }),
    list("unknownLabel", 300, { label: "no job has it" }),
    list("oldDay", 300, OLD_DAY),
    list("commonLabel", 500, { label: COMMON_LABEL }, SMALLEST),
    list("tagAndMetadata", 500, { marks: [tagMark(COMMON_TAG), pairMark(RARE_PAIR.key, RARE_PAIR.value)] }),
    // No index has the kinds, so that a job costs no row for it. A page searches 10,000 jobs at most.
    list("rareKind", 10_100, { kind: "transcription" }),
    search("search", LARGEST),
    search("searchSmallest", SMALLEST),
    { name: "queues.operator", goal: 3000, act: (db) => readLoad(db, NOW) },
    { name: "queues.owner", goal: 3000, act: (db) => readOwnLoad(db, LARGEST, NOW) },
    { name: "throughput.operator", goal: 3000, act: (db) => readThroughput(db, throughputOf(null)) },
    { name: "throughput.owner", goal: 3000, act: (db) => readThroughput(db, throughputOf(LARGEST)) },
    {
      name: "deadLetters.groups",
      goal: 3000,
      act: (db) => groupDeadLetters(db, letters, { ownerId: LARGEST, limit: PAGE, before: undefined }),
    },
  ];
}

function throughputOf(ownerId: string | null) {
  return { ownerId, hours: 24, stepMs: 30 * 60_000, now: NOW };
}

/** Ten hits with their snippets, by words alone. Texts of the half of all jobs have one of the words. */
function search(name: string, ownerId: string): Case {
  const query = { ownerId, text: COMMON_WORDS.join(" "), meaning: null, limit: 10 };
  return { name, goal: 5000, act: (db) => rank(db, query, async () => []) };
}

/** What each job goes through. */
export function writeCases(): readonly Case[] {
  const draw = createJobs(7, { transcriptWords: 100 });
  const insertDrawn = async (db: D1Database, count: number) => {
    const drawn = [];
    for (let index = 0; index < count; index += 1) drawn.push(await draw(NOW));
    const jobs = drawn.map(({ job }) => job);
    const uploads = drawn.flatMap(({ job: { id, ownerId, upload }, source }) =>
      upload && source ? [{ ...upload, ownerId, sizeBytes: source.sizeBytes, jobId: id, ignoredReason: null }] : [],
    );
    return (await insertJobs(db, { jobs, uploads }, NOW)).tasks.length;
  };
  return [
    { name: "submit", goal: 60, act: (db) => insertDrawn(db, 1) },
    { name: "ingest", goal: 60, act: (db) => insertDrawn(db, 10) },
    {
      name: "leaseAndSettle",
      goal: 200,
      act: async (db) => {
        const tasks = await leaseTasks(db, leaseOf({}));
        const ended = tasks.map((task) => attemptOf(task, NOW));
        return (await settleTasks(db, ended, { now: NOW })).settled.size;
      },
    },
  ];
}

/** Leases while this number of owners waits. */
export function leaseCases(owners: number): readonly Case[] {
  return [
    { name: `lease.${owners}Owners`, goal: 1500, act: (db) => leaseTasks(db, leaseOf({})) },
    { name: `leaseUsedUp.${owners}Owners`, goal: 100, act: (db) => leaseTasks(db, leaseOf(USED_UP)) },
    {
      name: `msUntilNext.${owners}Owners`,
      goal: 100,
      act: (db) => msUntilNext(db, { now: NOW, callsAMinute: USED_UP }),
    },
  ];
}

/** What maintenance and pages do beside a backlog, most of which they leave as it is. */
export function backlogCases(queued: { readonly id: string; readonly ownerId: string }): readonly Case[] {
  const held = { code: "budget_used", ownerId: waitingOwner(0) } as const;
  return [
    // It counts at most 1,000 tasks ahead, and looks at 500 jobs that ended.
    { name: "status.queued", goal: 1600, act: (db) => readJob(db, queued) },
    { name: "expiredLeases", goal: 100, act: (db) => findExpiredLeases(db, NOW, 1000) },
    { name: "followers", goal: 100, act: (db) => releaseForgotten(db, NOW) },
    { name: "release", goal: 100, act: (db) => transact(db, releaseHeld(db, held, { now: NOW, limit: 1000 })) },
    { name: "queues.operatorWithBacklog", goal: 3000, act: (db) => readLoad(db, NOW) },
    {
      name: "dispatch",
      goal: 10,
      act: async (db) => (await takeDueTasks(db, { now: NOW, graceMs: 300_000, limit: 1000, callsAMinute: {} })).length,
    },
  ];
}

/** No model has a call left in this minute. */
const USED_UP = Object.fromEntries(Object.keys(callsAMinute()).map((model) => [model, 0]));

let leases = 0;

/** Each at a moment of its own: leases of one moment expire together, and look at each other's tasks. */
function leaseOf(calls: Readonly<Record<string, number>>) {
  leases += 1;
  return { id: crypto.randomUUID(), now: NOW + leases, leaseMs: 15 * 60_000, limit: LEASED, callsAMinute: calls };
}
