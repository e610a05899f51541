import type { AiBinding } from "../../shared/models/run-model.ts";
import { codeOf, drawFault, errorOf, type Fault, isCodeFault } from "./faults.ts";
import type { Call } from "./ledger.ts";
import { ask } from "./model.ts";
import { never } from "./operation.ts";
import { between } from "../../local/seeded-random.ts";
import { countFault, type Invocation, kill, latencyMs, nextOperation, plannedFault, type World } from "./world.ts";

/** A slow answer takes longer than the interval of lease renewals; a late one longer than the lease. */
const SLOW_MS = [25_000, 75_000] as const;
const LATE_MS = [100_000, 260_000] as const;

/** Each hold keeps the whole account waiting until midnight, which takes one cron run for each minute. */
const MOST_HOLDS = 2;

/** The figure in the header of every good answer. It must not exceed any reservation, or no budget could be kept. */
export const NEURONS_A_CALL = 0.001;

/** The door to the model. Every call is in the ledger before anything can go wrong with it. */
export function aiDoor(world: World, invocation: Invocation): AiBinding {
  return {
    async run(model, inputs) {
      if (invocation.diedAt !== null) return never();
      const first = invocation.connections.run(() => call(world, invocation, model, inputs));
      const isTwice = world.plan.sabotage === "asks_twice" && invocation.id % 3 === 0;
      return isTwice ? first.then(() => call(world, invocation, model, inputs)) : first;
    },
  };
}

function call(world: World, invocation: Invocation, model: string, inputs: Record<string, unknown>): Promise<Response> {
  const { clock, random } = world;
  const asked = ask(model, inputs);
  const what = `#${invocation.id} ai ${world.jobIds.get(asked.mark)} ${asked.key.slice(0, 60)}`;
  const chance = drawFault("ai", world.plan.faultRate, random.faults);
  const isHeldEnough = (world.counts.faults["ai.hold"] ?? 0) >= MOST_HOLDS;
  const drawn = chance === "hold" && isHeldEnough ? "no_capacity" : chance;
  const fault = plannedFault(world, invocation, { what, death: nextOperation(world), drawn });
  if (fault !== null) countFault(world, "ai", fault);
  const entry: Call = {
    asked: { mark: asked.mark, key: asked.key },
    invocation,
    askedAt: clock.now(),
    billedAt: null,
    deliveredAt: null,
    keptAt: null,
    outcome: fault ?? "answered",
  };
  world.calls.push(entry);
  world.trace(`${what}${fault === null ? "" : ` [${fault}]`}`);
  if (fault === "silence") return never();
  const takesMs = takes(world, fault);
  if (fault === "late") invocation.cutOffUntil = clock.now() + takesMs + 1;

  return new Promise<Response>((resolve, reject) => {
    clock.after(takesMs, () => {
      const isGood = fault === null || ["slow", "late", "die_after", "network_after"].includes(fault);
      if (invocation.diedAt !== null && !isGood) return;
      if (fault === "die_before") return kill(world, invocation, "before the model was asked");
      if (fault === "network_before") return reject(errorOf("ai", random.faults));
      if (isCodeFault(fault)) {
        const { code, status } = codeOf(fault, random.faults);
        entry.outcome = String(code);
        return resolve(answer({ internalCode: code, name: "AiError", description: "injected" }, status));
      }
      if (fault === "garbage") return resolve(answer({ nothing: "of the kind" }, 200));
      entry.billedAt = clock.now();
      world.trace(`${what} was answered`);
      if (fault === "die_after") return kill(world, invocation, "after the model had answered");
      if (fault === "network_after") return reject(errorOf("ai", random.faults));
      // The consumer has died meanwhile: the answer is paid for, but nobody gets it.
      if (invocation.diedAt !== null) return;
      entry.deliveredAt = clock.now();
      invocation.unkept.set(entry, asked);
      resolve(answer(asked.answer, 200));
    });
  });
}

function takes(world: World, fault: Fault | null): number {
  if (fault === "slow") return between(world.random.latency, ...SLOW_MS);
  if (fault === "late") return between(world.random.latency, ...LATE_MS);
  return latencyMs(world, "ai");
}

/** A Response whose body is read without a turn of the event loop, because the clock does not control that. */
class MemoryResponse extends Response {
  readonly #text: string;

  constructor(text: string, init: ResponseInit) {
    super(null, init);
    this.#text = text;
  }

  override async text(): Promise<string> {
    return this.#text;
  }

  override async json<T>(): Promise<T> {
    return JSON.parse(this.#text);
  }

  override async arrayBuffer(): Promise<ArrayBuffer> {
    return new TextEncoder().encode(this.#text).buffer as ArrayBuffer;
  }
}

function answer(body: unknown, status: number): Response {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  const headers = {
    "content-type": "application/json",
    ...(status === 200 && { "cf-ai-neurons": String(NEURONS_A_CALL) }),
  };
  return new MemoryResponse(text, { status, headers });
}
