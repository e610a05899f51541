// Tries one case after another, and reports what each step took. The parent kills it if a case does not end.
import { memorySource, type ByteSource } from "../../shared/audio/reading/byte-source.ts";
import { type Measure, probe } from "../../test/structural/probe.ts";
import { type Deck, draw, type Drawn } from "./draw.ts";
import { GOAL_MEMORY_BYTES } from "./judge.ts";

export type Order =
  | { readonly type: "deck"; readonly deck: Deck }
  | { readonly type: "try"; readonly number: number }
  | { readonly type: "replay"; readonly drawn: Drawn };

export interface Tried {
  readonly container: string;
  readonly name: string;
  readonly sizeBytes: number;
  readonly outcome: string;
  readonly findings: readonly string[];
  readonly slowestMs: number;
  readonly slowestStep: string;
  /** The memory held in addition to the source. Garbage is collected first if the figure is too high. */
  readonly peakBytes: number;
  readonly peakStep: string;
}

const SAMPLE_EVERY_READS = 64;

let deck: Deck | null = null;
const send = (message: Tried | "begun") => process.send?.(message);

process.on("message", (order: Order) => {
  if (order.type === "deck") deck = order.deck;
  else void answer(order);
});

async function answer(order: Exclude<Order, { readonly type: "deck" }>): Promise<void> {
  if (order.type === "replay") {
    send("begun");
    send(await tryOut(order.drawn));
    return;
  }
  if (deck === null) throw new Error("A case was requested before the deck was sent.");
  const drawn = await draw(deck, order.number);
  // Making 25 MB takes longer than reading them, so the time is measured from here.
  send("begun");
  send(await tryOut(drawn));
}

async function tryOut({ container, name, bytes }: Drawn): Promise<Tried> {
  globalThis.gc?.();
  const baseBytes = heldBytes();
  let step = "";
  let reads = 0;
  let [slowestMs, slowestStep, peakBytes, peakStep] = [0, "", 0, ""];
  function sample(): void {
    let held = heldBytes() - baseBytes;
    // Garbage does not count, so collect it before a figure is judged too high.
    if (held > GOAL_MEMORY_BYTES) {
      globalThis.gc?.();
      held = heldBytes() - baseBytes;
    }
    if (held > peakBytes) [peakBytes, peakStep] = [held, step];
  }
  const inMemory = memorySource(bytes);
  const source: ByteSource = {
    sizeBytes: bytes.length,
    async read(offset, lengthBytes) {
      if (reads++ % SAMPLE_EVERY_READS === 0 || lengthBytes > 2 ** 20) sample();
      return inMemory.read(offset, lengthBytes);
    },
  };
  const measure: Measure = async (named, run) => {
    step = named;
    const before = process.cpuUsage();
    try {
      return await run();
    } finally {
      const { user, system } = process.cpuUsage(before);
      const ms = (user + system) / 1000;
      if (ms > slowestMs) [slowestMs, slowestStep] = [ms, named];
      sample();
    }
  };
  const { outcome, findings } = await probe(source, measure);
  const sizeBytes = bytes.length;
  return { container, name, sizeBytes, outcome, findings, slowestMs, slowestStep, peakBytes, peakStep };
}

function heldBytes(): number {
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}
