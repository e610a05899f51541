// Lists walk along the index that fits their filter. Whatever the filter, they answer as a filter in memory does.
import { expect, test } from "vitest";

import { type JobFilter, listJobs } from "../shared/db/jobs/job-lists.ts";
import { groupDeadLetters, listDeadLetters } from "../shared/db/redrives/dead-letter-reads.ts";
import { LETTER_STATES } from "../shared/redrives/redrive.ts";
import { JOB_STATES } from "../shared/jobs/job.ts";
import { JOB_KINDS } from "../shared/kinds/index.ts";
import { startDarkroom } from "./harness.ts";
import { seeded } from "./scripted-speaker.ts";

const darkroom = startDarkroom();
const JOBS = 400;
const FILTERS = 150;
/** Times are few, so that many jobs have the same. */
const TIMES = 60;
const MARKS = ["tag:a", "tag:b", "tag:rare", "metadata:show=1", "tag:none"];
const LABELS = ["cat", "dog", "newt"];

interface Job {
  readonly id: string;
  readonly ownerId: string;
  readonly kind: (typeof JOB_KINDS)[number];
  readonly state: (typeof JOB_STATES)[number];
  readonly createdAt: number;
  readonly text: string;
  readonly marks: readonly string[];
  readonly labels: readonly string[];
}

type Random = () => number;
const among = <Value>(random: Random, values: readonly Value[]): Value => values[Math.floor(random() * values.length)]!;

function randomJob(random: Random, index: number): Job {
  return {
    id: `job_${Math.floor(random() * 1e6)}_${index}`,
    ownerId: random() < 0.8 ? "ann" : "ben",
    kind: among(random, JOB_KINDS),
    state: random() < 0.6 ? "completed" : among(random, JOB_STATES),
    createdAt: 1000 + Math.floor(random() * TIMES),
    text: among(random, ["One boat", "two boats", "a HARBOUR"]),
    marks: MARKS.filter((_, place) => random() < [0.5, 0.4, 0.02, 0.1, 0][place]!),
    labels: LABELS.filter((_, place) => random() < [0.5, 0.1, 0.02][place]!),
  };
}

/** Insert rows, whose columns are the fields of JSON objects. */
async function insert(table: string, rows: readonly Record<string, unknown>[]): Promise<void> {
  const columns = Object.keys(rows[0]!);
  await darkroom
    .bindings()
    .DB.prepare(
      `INSERT INTO ${table} (${columns.join(", ")}) SELECT ${columns.map((name) => `r.value ->> '${name}'`).join(", ")} FROM json_each(?1) r`,
    )
    .bind(JSON.stringify(rows))
    .run();
}

async function insertJobs(jobs: readonly Job[]): Promise<void> {
  const hasEnded = ({ state }: Job) => state !== "queued" && state !== "running";
  await insert(
    "jobs",
    jobs.map((job) => ({
      id: job.id,
      owner_id: job.ownerId,
      kind: job.kind,
      state: job.state,
      input: JSON.stringify({ text: job.text, options: {} }),
      created_at: job.createdAt,
      finalized_at: hasEnded(job) ? 5 : null,
      error_code: job.state === "failed" ? "x" : null,
    })),
  );
  const of = (job: Job) => ({ job_id: job.id, owner_id: job.ownerId, created_at: job.createdAt });
  await insert(
    "job_marks",
    jobs.flatMap((job) => job.marks.map((mark) => ({ ...of(job), mark }))),
  );
  await insert(
    "job_labels",
    jobs.flatMap((job) => job.labels.map((label) => ({ ...of(job), label, score: 1 }))),
  );
}

const maybe = <Value>(random: Random, share: number, value: () => Value): Value | undefined =>
  random() < share ? value() : undefined;

function randomFilter(random: Random): JobFilter {
  return {
    state: maybe(random, 0.4, () => among(random, JOB_STATES)),
    kind: maybe(random, 0.2, () => among(random, JOB_KINDS)),
    label: maybe(random, 0.3, () => among(random, [...LABELS, "unknown"])),
    text: maybe(random, 0.1, () => among(random, ["boat", "harbour", "HARB"])),
    createdAfter: maybe(random, 0.3, () => 1000 + Math.floor(random() * TIMES)),
    createdBefore: maybe(random, 0.3, () => 1000 + Math.floor(random() * TIMES)),
    marks: MARKS.filter(() => random() < 0.25),
  };
}

function matches(job: Job, filter: JobFilter): boolean {
  const { state, kind, label, text, createdAfter = 0, createdBefore = Infinity, marks = [] } = filter;
  return (
    job.ownerId === "ann" &&
    (state ?? job.state) === job.state &&
    (kind ?? job.kind) === job.kind &&
    (label === undefined || job.labels.includes(label)) &&
    (text === undefined || `${job.text} ${job.id}`.toLowerCase().includes(text.toLowerCase())) &&
    job.createdAt >= createdAfter &&
    job.createdAt < createdBefore &&
    marks.every((mark) => job.marks.includes(mark))
  );
}

const newestFirst = (a: { createdAt: number; id: string }, b: { createdAt: number; id: string }) =>
  b.createdAt - a.createdAt || Number(a.id < b.id) - Number(a.id > b.id);

test("150 random filters answer as a filter in memory does, page by page", async () => {
  const random = seeded(16);
  const jobs = Array.from({ length: JOBS }, (_, index) => randomJob(random, index));
  await insertJobs(jobs);
  const { DB } = darkroom.bindings();
  let found = 0;
  for (let index = 0; index < FILTERS; index += 1) {
    const filter = randomFilter(random);
    const expected = jobs.filter((job) => matches(job, filter)).toSorted(newestFirst);
    const limit = 1 + Math.floor(random() * 30);
    // A page that begins in the middle: after a job of the list, or at a place where there is none.
    const after = maybe(random, 0.6, () => among(random, [...expected, { createdAt: 1030, id: "job_5" }]));
    const before = after && { at: after.createdAt, id: after.id };
    const page = { ownerId: "ann", limit, before, figures: index % 2 === 0 };
    const rest = expected.filter((job) => after === undefined || newestFirst(after, job) < 0);
    const listed = (await listJobs(DB, filter, page)).jobs.map(({ id }) => id);
    expect({ filter, page, listed }).toEqual({ filter, page, listed: rest.slice(0, limit).map(({ id }) => id) });
    found += listed.length;
  }
  expect(found).toBeGreaterThan(FILTERS);
});

interface Letter {
  readonly id: string;
  readonly state: (typeof LETTER_STATES)[number];
  readonly fingerprint: string;
  readonly jobId: string | null;
  readonly createdAt: number;
}

test("dead letters of each state, fingerprint and job are listed and grouped as a filter in memory does", async () => {
  const random = seeded(17);
  const { DB } = darkroom.bindings();
  const jobs = Array.from({ length: 6 }, (_, index) => ({ ...randomJob(random, index), ownerId: "ann" }));
  await insertJobs(jobs);
  const letters = Array.from({ length: 500 }, (_, index): Letter => {
    const jobId = random() < 0.5 ? among(random, jobs).id : null;
    return {
      id: `dl_${Math.floor(random() * 1e6)}_${index}`,
      state: random() < 0.7 ? "open" : among(random, LETTER_STATES),
      fingerprint: random() < 0.5 ? "often" : `f${Math.floor(random() * 30)}`,
      jobId,
      createdAt: 1000 + Math.floor(random() * TIMES),
    };
  });
  await insert(
    "dead_letters",
    letters.map(({ id, state, fingerprint, jobId, createdAt }) => ({
      id,
      owner_id: "ann",
      job_id: jobId,
      task_id: jobId === null ? null : `${jobId}.t`,
      body: jobId === null ? "{}" : null,
      queue: "tasks",
      kind: "classify",
      code: "x",
      reason: "why",
      fingerprint,
      created_at: createdAt,
      redriven_at: state === "redriven" ? 1 : null,
      discarded_at: state === "discarded" || (state === "redriven" && random() < 0.3) ? 1 : null,
    })),
  );
  for (let index = 0; index < 60; index += 1) {
    const query = {
      state: among(random, [...LETTER_STATES, "all" as const]),
      fingerprint: maybe(random, 0.3, () => among(random, ["often", "f1", "unknown"])),
      jobId: maybe(random, 0.3, () => among(random, jobs).id),
    };
    const wanted = letters
      .filter(({ state }) => query.state === "all" || state === query.state)
      .filter(
        ({ fingerprint, jobId }) =>
          (query.fingerprint ?? fingerprint) === fingerprint && (query.jobId ?? jobId) === jobId,
      )
      .toSorted(newestFirst);
    const limit = 1 + Math.floor(random() * 20);
    const after = maybe(random, 0.5, () => among(random, [...wanted, { createdAt: 1030, id: "dl_5" }]));
    const rest = wanted.filter((letter) => after === undefined || newestFirst(after, letter) < 0);
    const page = { ownerId: "ann", limit, before: after && { at: after.createdAt, id: after.id } };
    const listed = await listDeadLetters(DB, query, page);
    expect(listed.map(({ id, state }) => [id, state])).toEqual(
      rest.slice(0, limit).map(({ id, state }) => [id, state]),
    );

    const groups = Map.groupBy(wanted, ({ fingerprint }) => fingerprint);
    const expected = [...groups].map(([fingerprint, some]) => ({
      fingerprint,
      count: Math.min(100, some.length),
      isAtLeast: some.length > 100,
      firstSeenAt: some.at(-1)!.createdAt,
      lastSeenAt: some[0]!.createdAt,
      sampleId: some[0]!.id,
    }));
    const ordered = expected.toSorted(
      (a, b) => b.lastSeenAt - a.lastSeenAt || (a.fingerprint < b.fingerprint ? 1 : -1),
    );
    const all = { ownerId: "ann", limit: 50, before: undefined };
    expect({ query, groups: await groupDeadLetters(DB, query, all) }).toMatchObject({ query, groups: ordered });
    const [first, ...others] = ordered;
    if (first === undefined) continue;
    const next = { ...all, limit: 3, before: { at: first.lastSeenAt, id: first.fingerprint } };
    expect(await groupDeadLetters(DB, query, next)).toMatchObject(others.slice(0, 3));
  }
});
