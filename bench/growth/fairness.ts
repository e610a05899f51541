// How long owners wait for their turns in a random mix of habits, models, limits, pauses and lost consumers. The product's own statements
// lease; what jobs and settlements do to tasks is done by plain SQL, because only the order matters here.
import type { DatabaseSync } from "node:sqlite";
import { setImmediate } from "node:timers/promises";

import { MINUTE_MS } from "../../shared/durations.ts";
import { leaseTasks } from "../../shared/db/tasks/leases.ts";
import { checkAt } from "../../shared/db/tasks/check-at.ts";
import type { Task } from "../../shared/jobs/task.ts";
import { migratedDatabase } from "../../test/migrated.ts";
import { seeded } from "../../test/scripted-speaker.ts";
import { sqliteD1 } from "./sqlite-d1.ts";

const START = Date.UTC(2030, 0, 1);
const KINDS = ["classify", "generate_image", "embed", "describe_image"] as const;
const HABITS = ["steady", "steady", "several", "bursty", "again", "retries", "loses", "urgent"] as const;
/** A consumer that died is not simulated more often for one task: the product would discard it. */
const MOST_LOST = 5;

interface Group {
  readonly kind: string;
  readonly model: string | null;
}

interface Owner {
  readonly id: string;
  readonly habit: (typeof HABITS)[number];
  readonly home: Group;
}

export interface Fairness {
  /** The most tasks of others that were leased while an owner's could have been, by the number of owners who waited. */
  readonly worstWaitRatio: number;
  readonly leased: number;
}

/** @throws if a lease breaks a rule: a task leased twice, more calls than a model allows, a lost task beside others, or no task though one may run. */
export async function simulateFairness(seed: number, steps: number): Promise<Fairness> {
  const database = await migratedDatabase();
  database.exec("PRAGMA foreign_keys = OFF");
  const mix = randomMix(seed);
  const { random, below, limits } = mix;
  const work = worker(database, mix);
  const db = sqliteD1(database);
  const running = new Map<string, { task: Task; until: number }>();
  const waits = new Map<string, { tasks: number; owners: number }>();
  let clock = START;
  let longestMs = 1;
  const found = { worst: 0, leased: 0 };
  for (let step = 0; step < steps; step += 1) {
    // SQLite is synchronous: without a pause, the process would not answer its connections for many seconds.
    await setImmediate();
    if (step % 100 === 0) longestMs = [20, 300, 2000, 8000][below(4)]!;
    clock += 1 + below(longestMs);
    work.submit(clock);
    const limit = random() < 0.6 ? 10 : below(11);
    const open = work.open(clock);
    const tasks = await leaseTasks(db, {
      id: `lease-${step}`,
      now: clock,
      leaseMs: 1e7 + step,
      limit,
      callsAMinute: limits,
    });
    const fail = (rule: string) => new Error(`seed ${seed}, step ${step}: ${rule}`);
    if (tasks.length > limit) throw fail("more tasks than were asked for");
    if (limit > 0 && open.size > 0 && tasks.length === 0) throw fail("nothing was leased");
    if (tasks.some(({ id }) => running.has(id))) throw fail("a task was leased twice");
    if (tasks.length > 1 && tasks.some(({ lost }) => lost > 0)) throw fail("a lost task did not run alone");
    if (work.isOverLimit(clock)) throw fail("a model was asked too often");
    found.leased += tasks.length;
    const served = new Set(tasks.map(({ jobId }) => work.ownerOf(jobId)));
    for (const owner of waits.keys()) if (served.has(owner) || !open.has(owner)) waits.delete(owner);
    for (const owner of open) {
      if (served.has(owner)) continue;
      const before = waits.get(owner) ?? { tasks: 0, owners: 0 };
      const wait = { tasks: before.tasks + tasks.length, owners: Math.max(before.owners, open.size) };
      waits.set(owner, wait);
      found.worst = Math.max(found.worst, wait.tasks / wait.owners);
    }
    for (const task of tasks) running.set(task.id, { task, until: step + below(4) });
    for (const [id, { task, until }] of running) {
      if (until > step) continue;
      running.delete(id);
      work.end(task, clock);
    }
  }
  database.close();
  return { worstWaitRatio: found.worst, leased: found.leased };
}

function randomMix(seed: number) {
  const random = seeded(seed);
  const below = (count: number) => Math.floor(random() * count);
  const groups = Array.from({ length: 1 + below(10) }, (_, index): Group => ({
    kind: KINDS[index % KINDS.length]!,
    model: index % 5 === 4 ? null : `@cf/model-${below(8)}`,
  }));
  const limits: Record<string, number> = {};
  for (const { model } of groups) if (model !== null && random() < 0.6) limits[model] = 3 + below(60);
  const owners = Array.from({ length: 20 + below(60) }, (_, index): Owner => ({
    id: `${"abcz"[index % 4]}${index}`,
    habit: HABITS[below(HABITS.length)]!,
    home: groups[below(groups.length)]!,
  }));
  return { random, below, groups, limits, owners, urgent: groups[below(groups.length)]! };
}

function worker(
  database: DatabaseSync,
  { random, below, groups, limits, owners, urgent }: ReturnType<typeof randomMix>,
) {
  const insertJob = database.prepare(
    `INSERT INTO jobs (id, owner_id, kind, state, input, created_at) VALUES (?1, ?2, 'classification', 'queued', '{}', ?3)`,
  );
  const insertTask = database.prepare(
    `INSERT INTO tasks (id, job_id, owner_id, kind, model, state, args, max_attempts, scheduled_at, check_at, created_at, priority, is_newcomer)
     VALUES (?1, ?2, ?3, ?4, ?5, 'available', '{}', 1000, ?6, ${checkAt("?6")}, ?6, ?7, ?8)`,
  );
  const hasWork = database.prepare("SELECT count(*) AS n FROM tasks WHERE owner_id = ?1 AND finalized_at IS NULL");
  const cells = database.prepare(
    `SELECT DISTINCT owner_id AS owner, kind, model FROM tasks WHERE state = 'available' AND scheduled_at <= ?1`,
  );
  const calls = database.prepare("SELECT model, calls FROM model_minutes WHERE minute = ?1");
  const ended = database.prepare(
    "UPDATE tasks SET state = 'completed', finalized_at = ?2, lease_id = NULL, leased_at = NULL WHERE id = ?1",
  );
  const again = database.prepare(
    `UPDATE tasks SET state = 'retryable', scheduled_at = ?2, check_at = ${checkAt("?2")}, lost = lost + ?3, is_newcomer = 0,
                      lease_id = NULL, leased_at = NULL WHERE id = ?1`,
  );
  const owned = new Map<string, Owner>();
  const lastJobAt = new Map<string, number>();
  let paused: string | null = null;

  const waiting = (owner: Owner) => Number(hasWork.get(owner.id)?.["n"]);
  function add(owner: Owner, { kind, model }: Group, count: number, now: number, priority = 1): void {
    const isNewcomer = waiting(owner) === 0 && now - (lastJobAt.get(owner.id) ?? 0) > MINUTE_MS;
    for (let index = 0; index < count; index += 1) {
      const id = `job_${String(owned.size).padStart(6, "0")}`;
      owned.set(id, owner);
      insertJob.run(id, owner.id, now);
      insertTask.run(`${id}.t`, id, owner.id, kind, model, now, priority, Number(isNewcomer && index === 0));
    }
    lastJobAt.set(owner.id, now);
  }
  function callsOf(now: number): ReadonlyMap<string, number> {
    const rows = calls.all(Math.floor(now / MINUTE_MS));
    return new Map(rows.map((row) => [String(row["model"]), Number(row["calls"])]));
  }
  /** What owners do by chance in each step. */
  const habits: Record<Owner["habit"], (owner: Owner, now: number) => void> = {
    steady: (owner, now) => waiting(owner) < 5 && add(owner, owner.home, 20, now),
    several(owner, now) {
      if (random() < 0.05) for (const group of groups) add(owner, group, 2, now, below(3));
    },
    bursty: (owner, now) => random() < 0.02 && add(owner, owner.home, 1 + below(40), now),
    again: (owner, now) => waiting(owner) === 0 && add(owner, groups[below(groups.length)]!, 1, now),
    retries: (owner, now) => random() < 0.03 && add(owner, owner.home, 10, now),
    loses: (owner, now) => random() < 0.02 && add(owner, owner.home, 10, now),
    urgent(owner, now) {
      if (random() > 0.1) return;
      add(owner, urgent, 5, now, 0);
      add(owner, owner.home, 2, now, 2);
    },
  };

  return {
    ownerOf: (jobId: string) => owned.get(jobId)!.id,
    submit(now: number): void {
      for (const owner of owners) habits[owner.habit](owner, now);
      if (random() < 0.02) {
        database.exec("DELETE FROM pauses");
        paused = paused === null ? KINDS[below(KINDS.length)]! : null;
        const pause = database.prepare("INSERT INTO pauses (task_kind, job_kind, paused_at) VALUES (?1, 'any', ?2)");
        if (paused !== null) pause.run(paused, now);
      }
      if (random() < 0.01) {
        const leaves = database.prepare(
          "UPDATE tasks SET state = 'cancelled', finalized_at = ?2 WHERE owner_id = ?1 AND state IN ('available', 'retryable')",
        );
        leaves.run(owners[below(owners.length)]!.id, now);
      }
    },
    /** The owners with a task that may run. */
    open(now: number): ReadonlySet<string> {
      const made = callsOf(now);
      const mayRun = cells.all(now).filter(({ kind, model }) => {
        const most = limits[String(model)] ?? Infinity;
        return kind !== paused && most > (made.get(String(model)) ?? 0);
      });
      return new Set(mayRun.map(({ owner }) => String(owner)));
    },
    isOverLimit: (now: number) => [...callsOf(now)].some(([model, made]) => made > (limits[model] ?? Infinity)),
    end(task: Task, now: number): void {
      const { habit } = owned.get(task.jobId)!;
      if (habit === "retries" && random() < 0.5) again.run(task.id, now + below(20_000), 0);
      else if (habit === "loses" && task.lost < MOST_LOST && random() < 0.7) again.run(task.id, task.leasedAt, 1);
      else ended.run(task.id, now);
    },
  };
}
