// What the parts of one run share: its clock, its random numbers, its ledger, and the consumer's runs that are alive.
import type { createConsumer } from "../../consumer/index.ts";
import type { SixConnections } from "../../test/six-connections.ts";
import type { Clock } from "./clock.ts";
import type { DoorName, Fault } from "./faults.ts";
import type { Call } from "./ledger.ts";
import type { Asked } from "./model.ts";
import type { ChaosPlan, Verdict } from "./plan.ts";
import { between, createRandom, type Random } from "../../local/seeded-random.ts";

/** The real bindings, which fail only if they are broken. */
export interface RealDoors {
  readonly DB: D1Database;
  readonly MEDIA: R2Bucket;
}

export interface World {
  readonly plan: ChaosPlan;
  readonly clock: Clock;
  readonly real: RealDoors;
  /** Separate sources, so that faults, latencies and deliveries do not affect each other. */
  readonly random: { readonly faults: Random; readonly latency: Random; readonly delivery: Random };
  readonly calls: Call[];
  readonly counts: { operations: number; deaths: number; readonly faults: Record<string, number> };
  readonly realErrors: string[];
  /** When each object was stored, in virtual time. The real bucket has real times. */
  readonly uploadedAt: Map<string, number>;
  readonly jobIds: Map<string, string>;
  /** The verdicts on jobs that may be pruned before the run ends, by their ids. */
  readonly verdicts: Map<string, Verdict>;
  /** When the judge first found no row of a judged job, in virtual time, by its id. */
  readonly goneAt: Map<string, number>;
  /** The jobs that were seen in an archive. */
  readonly archived: Set<string>;
  /** For each key in the inbox, the readers that noted in D1 that they read it and then died. */
  readonly lostReaders: Map<string, number>;
  trace(text: string): void;
}

/** One run of a handler. To the product it looks like a process of its own. */
export interface Invocation {
  readonly id: number;
  readonly name: string;
  diedAt: number | null;
  leasedAt: number | null;
  /** Until this time D1 does not answer it, while everything else goes on. That lets a lease expire under a live consumer. */
  cutOffUntil: number;
  /** Its good answers that are not yet stored durably. */
  readonly unkept: Map<Call, Asked>;
  /** The platform's six connections. Nobody waits for those of a dead invocation. */
  readonly connections: SixConnections;
  /** Its own instance, as in an isolate of its own. */
  readonly consumer: ReturnType<typeof createConsumer>;
  /** Keys of the objects that it is reading now, according to its notes in D1. */
  readonly reading: Set<string>;
  readonly onDeath: () => void;
}

export function createWorld(plan: ChaosPlan, clock: Clock, real: RealDoors, trace: (text: string) => void): World {
  return {
    plan,
    clock,
    real,
    random: {
      faults: createRandom(plan.seed, 1),
      latency: createRandom(plan.seed, 2),
      delivery: createRandom(plan.seed, 3),
    },
    calls: [],
    counts: { operations: 0, deaths: 0, faults: {} },
    realErrors: [],
    uploadedAt: new Map(),
    jobIds: new Map(),
    verdicts: new Map(),
    goneAt: new Map(),
    archived: new Set(),
    lostReaders: new Map(),
    trace: (text) => {
      if (plan.trace !== undefined && text.includes(plan.trace)) trace(`${(clock.now() / 1000).toFixed(3)} ${text}`);
    },
  };
}

export function countFault(world: World, door: DoorName | "delivery", fault: string): void {
  const name = `${door}.${fault}`;
  world.counts.faults[name] = (world.counts.faults[name] ?? 0) + 1;
}

/** Count a reader that began to read these objects and died. Its note in D1 stays. */
export function countLostReader({ lostReaders }: World, keys: Iterable<string>): void {
  for (const key of keys) lostReaders.set(key, (lostReaders.get(key) ?? 0) + 1);
}

/** End an invocation as an eviction ends an isolate: whatever it waits for never comes. */
export function kill(world: World, invocation: Invocation, why: string): void {
  if (invocation.diedAt !== null) return;
  invocation.diedAt = world.clock.now();
  world.counts.deaths += 1;
  world.trace(`#${invocation.id} ${invocation.name} died: ${why}`);
  invocation.onDeath();
}

export const LATENCY_MS: Readonly<Record<DoorName, readonly [number, number]>> = {
  d1: [2, 25],
  "r2.read": [3, 30],
  "r2.write": [10, 60],
  queue: [3, 15],
  ai: [200, 3000],
};

export function latencyMs(world: World, door: DoorName): number {
  const [low, high] = LATENCY_MS[door];
  return between(world.random.latency, low, high);
}

/** Number an operation, and return whether the plan has its invocation die at it. */
export function nextOperation(world: World): "before" | "after" | null {
  world.counts.operations += 1;
  const { death } = world.plan;
  return death?.operation === world.counts.operations ? death.when : null;
}

export function plannedFault(
  { plan }: World,
  { name }: Invocation,
  operation: { what: string; death: "before" | "after" | null; drawn: Fault | null },
): Fault | null {
  const { what, death, drawn } = operation;
  if (plan.poison !== undefined && name.startsWith("media-") && what.includes(plan.poison)) return "die_before";
  return death === null ? drawn : death === "before" ? "die_before" : "die_after";
}
