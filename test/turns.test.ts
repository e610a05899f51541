// Who is leased next. What a lease reads does not grow with the number of owners who wait, and each of them has their turns.
import type { DatabaseSync } from "node:sqlite";

import { beforeEach, expect, test } from "vitest";

import { simulateFairness } from "../bench/growth/fairness.ts";
import { sqliteD1 } from "../bench/growth/sqlite-d1.ts";
import { findExpiredLeases, takeDueTasks } from "../shared/db/jobs/maintenance.ts";
import { beginDeletions } from "../shared/db/jobs/deletions.ts";
import { insertJobs } from "../shared/db/jobs/jobs.ts";
import { redriveTasks } from "../shared/db/redrives/letters.ts";
import { leaseTasks, msUntilNext } from "../shared/db/tasks/leases.ts";
import { settleTasks } from "../shared/db/tasks/settle.ts";
import type { EndedAttempt } from "../shared/jobs/outcome.ts";
import type { Task } from "../shared/jobs/task.ts";
import { newJob } from "../shared/jobs/new-job.ts";
import { DEFAULT_TERMS, type JobTerms } from "../shared/jobs/terms.ts";
import type { JobWork } from "../shared/kinds/index.ts";
import { counted } from "./counting.ts";
import { startDarkroom } from "./harness.ts";
import { sampled } from "./long.ts";
import { migratedDatabase } from "./migrated.ts";

const darkroom = startDarkroom();

const MINUTE_MS = 60_000;
const START = Date.UTC(2030, 0, 1);
const LABELS = "@cf/huggingface/distilbert-sst-2-int8";
const PICTURES = "@cf/black-forest-labs/flux-1-schnell";

let clock: number;
let made: number;
let statements: Set<string>;
let database: DatabaseSync;
let file: D1Database;

beforeEach(async () => {
  [clock, made, statements] = [START, 0, new Set()];
  database = await migratedDatabase();
  file = sqliteD1(database);
});

const text = (words: string): JobWork => ({
  kind: "classification",
  input: { text: words, options: { topK: 1, minScore: 0 } },
});
const picture = (prompt: string): JobWork => ({ kind: "image_generation", input: { prompt, options: {} } });

/** Insert jobs, as one request would. */
async function submit(
  ownerId: string | readonly string[],
  works: readonly JobWork[] | ((index: number) => readonly JobWork[]),
  { db = file, ...terms }: Partial<JobTerms> & { db?: D1Database } = {},
): Promise<void> {
  const jobs = [ownerId].flat().flatMap((owner, index) =>
    (typeof works === "function" ? works(index) : works).map((work) => {
      made += 1;
      const id = `job_${String(made).padStart(6, "0")}`;
      return newJob(work, { ...DEFAULT_TERMS, reuse: false, ...terms }, { id, ownerId: owner, createdAt: clock });
    }),
  );
  await insertJobs(db, { jobs: await Promise.all(jobs), uploads: [] }, clock);
}

const named = (name: string, from: number, to: number) =>
  Array.from({ length: to - from }, (_, index) => `${name}-${from + index}`);
const texts = (count: number) => Array.from({ length: count }, (_, index) => text(`${made} ${index}`));

async function lease(limit = 10, callsAMinute: Record<string, number> = {}): Promise<readonly Task[]> {
  clock += 1;
  return leaseTasks(file, { id: crypto.randomUUID(), now: clock, leaseMs: 1e9, limit, callsAMinute });
}

function ownersOf(tasks: readonly Task[]): string[] {
  const find = database.prepare("SELECT owner_id AS owner FROM tasks WHERE id = ?1");
  return tasks.map(({ id }) => String(find.get(id)?.["owner"]));
}

/** Let the owners' first turns pass, which they have as newcomers. */
function settleIn(): void {
  database.exec("UPDATE tasks SET is_newcomer = 0");
}

/** Use up the calls of a model in the first minute. */
function useUp(model: string, calls: number): void {
  database
    .prepare("INSERT INTO model_minutes (model, minute, calls, turn) VALUES (?1, ?2, ?3, '')")
    .run(model, START / MINUTE_MS, calls);
}

test("1,000 owners of very different backlogs have their turns within twice the ideal, and a new owner within two batches", async () => {
  const owners = named("owner", 0, 1000);
  await submit(owners, (index) => texts(index % 250 === 0 ? 300 : 2 + (index % 2)));
  clock += MINUTE_MS;
  const turns = new Map<string, number[]>(owners.map((owner) => [owner, [0]]));
  const ideal = owners.length / 10;
  let batch = 0;
  for (; batch < 2 * ideal; batch += 1) {
    const served = ownersOf(await lease());
    expect(new Set(served).size).toBe(10);
    for (const owner of served) turns.get(owner)?.push(batch);
  }
  const waits = [...turns.values()].flatMap((at) =>
    [...at, batch].map((turn, index, all) => turn - (all[index - 1] ?? 0)),
  );
  expect(Math.max(...waits) / ideal).toBeLessThanOrEqual(2);

  await submit("newcomer", [text("one"), picture("two")]);
  expect(ownersOf([...(await lease()), ...(await lease())])).toContain("newcomer");
  // Who goes on submitting is no newcomer any more.
  clock += 1000;
  await submit("newcomer", [text("again")]);
  expect(
    database.prepare("SELECT count(*) AS n FROM tasks WHERE is_newcomer = 1 AND state = 'available'").get()?.["n"],
  ).toBe(0);
}, 60_000);

test("neither who deletes a job before the next one, nor a task that runs again, is a newcomer", async () => {
  const newcomers = () =>
    Number(
      database.prepare("SELECT count(*) AS n FROM tasks WHERE lane LIKE '% n' AND finalized_at IS NULL").get()?.["n"],
    );
  await submit("newcomer", texts(1));
  expect(newcomers()).toBe(1);
  const [task] = await lease();
  const ended: EndedAttempt = {
    taskId: task!.id,
    leaseId: task!.leaseId,
    outcome: { type: "discard", failure: { code: "x", message: "y" } },
    calls: [],
    isBudgeted: false,
    startedAt: clock,
    finishedAt: clock,
  };
  await settleTasks(file, [ended], { now: clock });
  const letter = { id: `dl_${task!.id}.1`, taskId: task!.id, scheduledAt: clock };
  expect((await redriveTasks(file, [letter], { now: clock, redriveId: null })).redriven).toHaveLength(1);
  expect(newcomers()).toBe(0);

  const actor = { ownerId: "newcomer", actor: "key" };
  await beginDeletions(file, [{ id: "job_000001", ownerId: "newcomer" }], { now: clock, actor });
  clock += 1000;
  await submit("newcomer", texts(1));
  expect(newcomers()).toBe(0);
  await beginDeletions(file, [{ id: "job_000002", ownerId: "newcomer" }], { now: clock, actor });
  clock += MINUTE_MS;
  await submit("newcomer", texts(1));
  expect(newcomers()).toBe(1);
});

test("newcomers that do not end leave every second turn to the others", async () => {
  await submit(named("old", 0, 20), () => texts(20));
  settleIn();
  await submit(named("new", 0, 100), () => texts(1));
  const olds = [];
  for (let batch = 0; batch < 8; batch += 1) {
    const served = ownersOf(await lease());
    olds.push(...served.filter((owner) => owner.startsWith("old")));
  }
  expect(olds.length).toBe(40);
  expect(new Set(olds.slice(0, 20)).size).toBe(20);
  const alone = [];
  for (let batch = 0; batch < 40; batch += 1) alone.push(...ownersOf(await lease(1)));
  expect(alone.filter((owner) => owner.startsWith("old")).length).toBeGreaterThan(5);
});

test("an owner's tasks go by priority, whatever the turns of others", async () => {
  const owners = named("owner", 0, 30);
  await submit(owners, () => texts(3), { priority: "low" });
  await submit(owners, () => texts(1));
  await submit(owners, () => texts(2), { priority: "high" });
  settleIn();
  const priorities = new Map<string, number[]>();
  const find = database.prepare("SELECT priority FROM tasks WHERE id = ?1");
  for (let batch = 0; batch < 18; batch += 1) {
    const tasks = await lease();
    for (const [index, owner] of ownersOf(tasks).entries()) {
      priorities.set(owner, [...(priorities.get(owner) ?? []), Number(find.get(tasks[index]?.id ?? "")?.["priority"])]);
    }
  }
  expect(new Set([...priorities.values()].map((one) => one.join("")))).toEqual(new Set(["001222"]));
});

test("an owner gains nothing by splitting work into kinds and models", async () => {
  await submit(named("owner", 0, 40), () => texts(20));
  const models = ["flux-1-schnell", "lucid-origin", "flux-2-klein-4b", "phoenix-1.0"];
  await submit("splitter", [...texts(20), ...Array.from({ length: 60 }, (_, index) => picture(`p${index}`))]);
  settleIn();
  const split = database.prepare(
    "UPDATE tasks SET model = ?1 WHERE kind = 'generate_image' AND CAST(substr(job_id, -2) AS INTEGER) % 4 = ?2",
  );
  for (const [index, model] of models.entries()) split.run(`@cf/some/${model}`, index);
  const served: string[] = [];
  for (let batch = 0; batch < 41; batch += 1) served.push(...ownersOf(await lease()));
  const turnsOf = (name: string) => served.filter((owner) => owner === name).length;
  expect(served).toHaveLength(410);
  expect(turnsOf("owner-7")).toBeGreaterThanOrEqual(9);
  expect(turnsOf("splitter")).toBeLessThanOrEqual(turnsOf("owner-7") + 1);
});

test("owners of a model whose calls are used up each minute all have their turns, while others continue", async () => {
  await submit(named("label", 0, 30), () => texts(10));
  await submit(
    "painter",
    Array.from({ length: 200 }, (_, index) => picture(`p${index}`)),
  );
  settleIn();
  const limits = { [LABELS]: 10 };
  const served: string[] = [];
  for (let minute = 1; minute <= 6; minute += 1) {
    clock = START + minute * MINUTE_MS;
    for (let batch = 0; batch < 4; batch += 1) served.push(...ownersOf(await lease(10, limits)));
    expect(served.filter((owner) => owner !== "painter")).toHaveLength(10 * minute);
  }
  const turns = Map.groupBy(served, (owner) => owner);
  turns.delete("painter");
  expect([...turns.values()].map((one) => one.length)).toEqual(Array.from({ length: 30 }, () => 2));
});

test("tasks that wait between two attempts do not hide those that are due, and have their owner's turn when they are", async () => {
  await submit(named("delayed", 0, 50), () => texts(1));
  database.exec(
    `UPDATE tasks SET state = 'retryable', scheduled_at = scheduled_at + 60000, check_at = check_at + 60000`,
  );
  await submit("zed", texts(30));
  expect(ownersOf(await lease(20))).toHaveLength(20);
  clock += MINUTE_MS;
  const served = ownersOf(await lease());
  expect(served.filter((owner) => owner.startsWith("delayed")).length).toBeGreaterThanOrEqual(9);
});

test("tasks that are redriven at a rate, and are not due, do not take the turns of those that are", async () => {
  await submit(named("redriven", 0, 12), () => texts(2));
  database.exec(`UPDATE tasks SET scheduled_at = scheduled_at + 60000, check_at = check_at + 60000`);
  await submit("zed", texts(2));
  settleIn();
  expect(ownersOf(await lease(1))).toEqual(["zed"]);
  expect(ownersOf(await lease(10))).toEqual(["zed"]);
});

test("owners of two kinds that ask one model all have their turns while its calls are used up", async () => {
  await submit(named("alone", 10, 30), () => texts(10));
  await submit("zed", texts(100));
  settleIn();
  database.exec(`UPDATE tasks SET kind = 'embed' WHERE owner_id = 'zed'`);
  const served: string[] = [];
  for (let minute = 1; minute <= 12; minute += 1) {
    clock = START + minute * MINUTE_MS;
    for (let batch = 0; batch < 2; batch += 1) served.push(...ownersOf(await lease(10, { [LABELS]: 4 })));
  }
  expect(served).toHaveLength(48);
  expect(new Set(served).size).toBe(21);
});

test("owners of a model whose limit is taken away while its calls are used up have their turns", async () => {
  await submit(named("label", 10, 40), () => texts(4));
  settleIn();
  await lease(10, { [LABELS]: 20 });
  await lease(10, { [LABELS]: 20 });
  const served = ownersOf([...(await lease()), ...(await lease()), ...(await lease())]);
  expect(new Set(served).size).toBe(30);
});

test("owners of a model whose calls are used up have their turns, whatever more urgent work its other owners have", async () => {
  const busy = named("busy", 0, 10);
  await submit(busy, () => texts(60), { priority: "high" });
  await submit([...busy, ...named("label", 0, 10)], () => Array.from({ length: 4 }, (_, index) => picture(`${index}`)));
  settleIn();
  const limits = { [PICTURES]: 10 };
  const served: string[] = [];
  useUp(PICTURES, 10);
  for (let minute = 1; minute <= 4; minute += 1) {
    clock = START + minute * MINUTE_MS;
    for (let batch = 0; batch < 4; batch += 1) served.push(...ownersOf(await lease(10, limits)));
  }
  expect(new Set(served).size).toBe(20);
});

test("when the calls of a model are used up only in some minutes, the turns of all others go on where they were", async () => {
  await submit(named("text", 0, 200), () => texts(20));
  useUp(PICTURES, 10);
  const served: string[] = [];
  for (let minute = 1; minute <= 36; minute += 1) {
    clock = START + minute * MINUTE_MS;
    // Half of the minutes use up the calls, and the others have some left.
    if (minute % 2 === 1) await submit(named("painter", 0, 15), () => [picture(`${made}`)]);
    settleIn();
    for (let batch = 0; batch < 2; batch += 1) served.push(...ownersOf(await lease(10, { [PICTURES]: 10 })));
  }
  const turns = Map.groupBy(served, (owner) => owner);
  const counts = named("text", 0, 200).map((owner) => turns.get(owner)?.length ?? 0);
  expect({ least: Math.min(...counts), most: Math.max(...counts) }).toEqual({ least: 2, most: 3 });
});

test("tasks whose consumers died take only the turns of their owner", async () => {
  await submit(named("owner", 0, 30), () => texts(10));
  settleIn();
  database.exec(`UPDATE tasks SET lost = 1 WHERE owner_id = 'owner-13'`);
  const served: string[] = [];
  for (let batch = 0; batch < 12; batch += 1) {
    const tasks = await lease();
    expect(tasks.length === 1 || tasks.every(({ lost }) => lost === 0)).toBe(true);
    served.push(...ownersOf(tasks));
  }
  expect(new Set(served).size).toBe(30);
  expect(served.filter((owner) => owner === "owner-13").length).toBeLessThanOrEqual(served.length / 30 + 1);
});

test.each(
  sampled(
    [2, 5],
    Array.from({ length: 10 }, (_, index) => index),
  ),
)(
  "in a random mix of owners (%i) each has their turns, and no task is leased twice",
  async (seed) => {
    const { worstWaitRatio } = await simulateFairness(seed, sampled(150, 400));
    // Newcomers have every second turn, and so does each model whose calls are used up.
    expect(worstWaitRatio).toBeLessThan(5);
  },
  60_000,
);

test("a lease writes no row for an owner who had the last turn, too, although tasks of a paused kind wait", async () => {
  await submit("one", [picture("waits")]);
  database.exec("INSERT INTO pauses (task_kind, job_kind, paused_at) VALUES ('generate_image', 'image_generation', 1)");
  const rows: number[] = [];
  for (let round = 0; round < 3; round += 1) {
    await submit("one", texts(1));
    settleIn();
    const changes = () => Number(database.prepare("SELECT total_changes() AS n").get()?.["n"]);
    const before = changes();
    expect(await lease()).toHaveLength(1);
    rows.push(changes() - before);
  }
  // The task and its job; at first also the owner.
  expect(rows).toEqual([3, 2, 2]);
});

test("an owner's picture does not wait for the texts that came before it", async () => {
  await submit("one", texts(100));
  await submit("one", [picture("late")]);
  settleIn();
  expect((await lease()).filter(({ kind }) => kind === "generate_image")).toHaveLength(1);
});

test("a lease reads no table and no backlog, by its plans", async () => {
  const prepare = database.prepare.bind(database);
  database.prepare = (sql) => (statements.add(sql), prepare(sql));
  await lease();
  await msUntilNext(file, { now: clock, callsAMinute: {} });
  const scans = [...statements].flatMap((sql) =>
    prepare(`EXPLAIN QUERY PLAN ${sql}`)
      .all()
      .map(({ detail }) => String(detail))
      // Of the tasks that wait one is enough: `EXISTS` ends at the first.
      .filter((detail) => /SCAN (t|tasks|j|jobs)\b/.test(detail) && !detail.includes("EXISTS")),
  );
  expect(statements.size).toBeGreaterThan(6);
  expect(scans).toEqual([]);
});

test("a lease reads as many rows for 300 owners as for 60, and an empty one hardly any", async () => {
  const { DB } = darkroom.bindings();
  const rowsOfLease = async (calls: Record<string, number>) => {
    const { counts, db } = counted(DB);
    clock += 1;
    await leaseTasks(db, { id: crypto.randomUUID(), now: clock, leaseMs: 1e9, limit: 10, callsAMinute: calls });
    return counts.rowsRead;
  };
  const fill = (from: number, to: number) =>
    submit(named("owner", from, to), (index) => [text(`${from + index}`), picture(`${from + index}`)], { db: DB });
  const usedUp = { [LABELS]: 0, "@cf/black-forest-labs/flux-1-schnell": 0 };
  await fill(0, 60);
  await rowsOfLease({});
  const few = [await rowsOfLease({}), await rowsOfLease(usedUp)];
  await fill(60, 300);
  const many = [await rowsOfLease({}), await rowsOfLease(usedUp)];
  expect(Math.max(many[0]!, few[0]!)).toBeLessThan(1000);
  expect(many[0]! - few[0]!).toBeLessThan(100);
  expect(many[1]).toBe(few[1]);
  expect(many[1]).toBeLessThan(100);

  // Maintenance, once all of them have waited for too long: what it does not handle, it does not read.
  const overdue = clock + 60 * MINUTE_MS;
  const { counts, db } = counted(DB);
  expect(await takeDueTasks(db, { now: overdue, graceMs: MINUTE_MS, limit: 10, callsAMinute: {} })).toHaveLength(10);
  expect(counts.rowsRead).toBeLessThan(150);
  counts.rowsRead = 0;
  expect(await findExpiredLeases(db, overdue, 10)).toEqual([]);
  expect(counts.rowsRead).toBeLessThan(5);
}, 60_000);
