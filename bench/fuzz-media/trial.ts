import { type ChildProcess, fork } from "node:child_process";
import { readFile } from "node:fs/promises";

import type { Order, Tried } from "./child.ts";
import type { Deck } from "./draw.ts";
import { type Finding, GOAL_MEMORY_BYTES, judge } from "./judge.ts";

/** A case that takes more CPU time than this counts as hung. The largest takes a tenth of it. */
const HANG_CPU_MS = 15_000;
/** The limit if the CPU time of a process cannot be read, or the machine is very busy. */
const HANG_MS = 180_000;
const LOOK_MS = 200;
/** The memory for Node, the parsers and a case's own tables. */
const BASE_HEAP_MB = 48;

/** The result of one case. Without an answer, the finding is a crash or a hang. */
export interface Trial {
  readonly tried: Tried | null;
  readonly findings: readonly Finding[];
}

/** A process that tries cases. It is replaced when it is lost. */
export class Trials {
  readonly #deck: Deck;
  #child: ChildProcess | null = null;
  #said = "";

  constructor(deck: Deck) {
    this.#deck = deck;
  }

  async run(order: Exclude<Order, { readonly type: "deck" }>): Promise<Trial> {
    const child = this.#child ?? this.#start();
    this.#said = "";
    const startedAtMs = performance.now();
    let cpuAtMs = await cpuMsOf(child);
    return new Promise((resolve) => {
      const end = (trial: Trial) => {
        clearInterval(watchdog);
        child.removeAllListeners("message");
        child.removeAllListeners("exit");
        resolve(trial);
      };
      const lose = (finding: Finding) => {
        this.close();
        end({ tried: null, findings: [finding] });
      };
      const watch = async () => {
        const spentMs = (await cpuMsOf(child)) - cpuAtMs;
        const passedMs = performance.now() - startedAtMs;
        if (spentMs <= HANG_CPU_MS && passedMs <= HANG_MS) return;
        const text = `no end after ${Math.round(spentMs)} ms of CPU, ${Math.round(passedMs)} ms in all`;
        lose({ kind: "hang", text });
      };
      const watchdog = setInterval(() => void watch(), LOOK_MS);
      child.on("message", (message: Tried | "begun") => {
        if (message === "begun") void cpuMsOf(child).then((cpuMs) => (cpuAtMs = cpuMs));
        else end({ tried: message, findings: judge(message) });
      });
      child.on("exit", (code, signal) => {
        const isMemory = /heap out of memory|Array buffer allocation failed/i.test(this.#said);
        const text = isMemory
          ? `over ${GOAL_MEMORY_BYTES / 2 ** 20} MB of heap`
          : `ended with ${signal ?? code}: ${this.#said}`;
        lose({ kind: isMemory ? "overMemory" : "crash", text });
      });
      child.send(order);
    });
  }

  close(): void {
    this.#child?.removeAllListeners();
    this.#child?.kill("SIGKILL");
    this.#child = null;
  }

  #start(): ChildProcess {
    const heapMb = BASE_HEAP_MB + GOAL_MEMORY_BYTES / 2 ** 20;
    const execArgv = ["--js-base-64", "--expose-gc", `--max-old-space-size=${heapMb}`];
    // "advanced" transfers bytes, because the recordings are sent too.
    const child = fork(`${import.meta.dirname}/child.ts`, [], { execArgv, silent: true, serialization: "advanced" });
    child.stderr?.on("data", (text: Buffer) => {
      this.#said = (this.#said + String(text)).slice(-2_000);
    });
    child.send({ type: "deck", deck: this.#deck } satisfies Order);
    this.#child = child;
    return child;
  }
}

/** Read the CPU time of a process from the kernel (Linux); 0 elsewhere. */
async function cpuMsOf({ pid }: ChildProcess): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => "");
  const [user = 0, system = 0] = stat
    .slice(stat.lastIndexOf(")") + 2)
    .split(" ")
    .slice(11, 13)
    .map(Number);
  // A tick is 10 ms on every Linux that runs Node.
  return (user + system) * 10;
}
