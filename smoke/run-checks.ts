// One run: check access, price, run the checks side by side, add up the cost, delete.
import pLimit from "p-limit";

import { createClient, DarkroomError } from "../client/index.ts";
import { type Check, Failure, type Finding, type SmokeOptions } from "./check.ts";
import { CHECKS, CLOSING, OPENING } from "./checks.ts";
import { cleanUp } from "./clean-up.ts";
import { sumUp } from "./costs.ts";
import { MOST_NEURONS, priceChecks, type Prices } from "./prices.ts";
import { createSmoke } from "./smoke.ts";

/** Checks mostly wait. More of them at once would distort the measured times of the models. */
const CHECKS_AT_ONCE = 4;

export interface Row extends Finding {
  readonly name: string;
}

export interface Report {
  readonly rows: readonly Row[];
  /** Null if nothing was started. */
  readonly neurons: number | null;
}

export interface RunOptions extends SmokeOptions {
  /** Names of the checks to run; all checks by default. */
  readonly only?: readonly string[] | undefined;
  readonly mostNeurons?: number;
  readonly onRow?: (row: Row) => void;
}

const NOTHING: Prices = { estimateOf: new Map(), estimated: 0, most: 0 };

/** Run the checks and report. Never throws for what a check finds, and deletes what was created however the run ends. */
export async function runChecks(options: RunOptions): Promise<Report> {
  const { only, mostNeurons = MOST_NEURONS, onRow, signal } = options;
  const checks = CHECKS.filter(({ name }) => only?.includes(name) ?? true);
  const rows: Row[] = [];
  const tell = async (name: string, find: () => Promise<Finding>): Promise<Row> => {
    const row = { name, ...(await found(find, signal)) };
    rows.push(row);
    onRow?.(row);
    return row;
  };
  const inOrder = () => rows.toSorted((a, b) => placeOf(a.name) - placeOf(b.name));

  const asking = createSmoke(options, NOTHING);
  for (const check of OPENING) {
    const { result } = await tell(check.name, () => check.run(asking));
    if (result !== "pass" && check === OPENING[0]) return { rows: inOrder(), neurons: null };
  }
  let prices = NOTHING;
  const priced = await tell("prices", async () => {
    prices = await priceChecks(asking.client, checks, options.media, mostNeurons);
    const means = `The run is estimated at ${prices.estimated.toFixed(1)} neurons and may cost ${prices.most.toFixed(1)}; the limit is ${mostNeurons}.`;
    return { result: "pass", means };
  });
  if (priced.result !== "pass") return { rows: inOrder(), neurons: null };

  const smoke = createSmoke(options, prices);
  // Without the signal: an interrupted run also deletes what it created.
  const { baseUrl, key, fetch } = options;
  const unstoppable = createClient({ baseUrl, key, fetch });
  let neurons: number | null = null;
  try {
    const limit = pLimit(CHECKS_AT_ONCE);
    await Promise.all(checks.map((check) => limit(() => tell(check.name, () => check.run(smoke)))));
    for (const check of CLOSING) await tell(check.name, () => check.run(smoke));
  } finally {
    await tell("cost", async () => {
      const sum = await sumUp(unstoppable, smoke, prices);
      ({ neurons } = sum);
      return sum.finding;
    });
    await tell("clean-up", () => cleanUp(unstoppable, { runId: smoke.runId, uploads: smoke.seen.uploads }));
  }
  return { rows: inOrder(), neurons };
}

const ORDER = [...OPENING.map(named), "prices", ...CHECKS.map(named), ...CLOSING.map(named), "cost", "clean-up"];

function placeOf(name: string): number {
  return ORDER.indexOf(name);
}

function named({ name }: Check): string {
  return name;
}

async function found(find: () => Promise<Finding>, signal: AbortSignal): Promise<Finding> {
  try {
    return await find();
  } catch (error) {
    if (error instanceof Failure) return { result: "fail", means: error.message, todo: error.todo };
    if (signal.aborted) return { result: "skipped", means: "The run was interrupted." };
    if (error instanceof DarkroomError) {
      const todo = error.status === 0 ? "Run it again." : "See docs/api.md, Problems, for the meaning of the code.";
      return { result: "fail", means: `${error.code}: ${error.detail}`, todo };
    }
    // A bug in the smoke run itself: the stack is more useful than advice.
    const means = error instanceof Error ? (error.stack ?? error.message) : String(error);
    return { result: "fail", means, todo: "The smoke run itself failed. Please report this." };
  }
}
