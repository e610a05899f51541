import { parseArgs } from "node:util";

import { type ChaosPlan, WORK_KINDS, type WorkKind } from "./plan.ts";

export interface Command {
  readonly plan: ChaosPlan;
  /** Print only the last line. */
  readonly isQuiet: boolean;
}

const USAGE = `usage: npm run chaos -- [--jobs N] [--fault-rate 0.2] [--seed S] [--only KIND] [--budget N] [--keep-minutes N] [--trace JOB_ID] [--json]
  --jobs        how many jobs, 1 to 1000000 (1000)
  --fault-rate  share of operations that fail, 0 to 0.9 (0.2)
  --seed        whole number from 0; the same one replays the same run (1)
  --only        one kind of job: ${WORK_KINDS.join(", ")}
  --budget      neurons that the account may spend a day (no budget)
  --keep-minutes  archive ended jobs after this many minutes, and prune them after three times as many (neither)
  --trace       tell on standard error all that mentions this job id
  --json        print nothing but the last line`;

/** Read the command line. Returns a message if it is not valid. */
export function parseCommand(args: readonly string[]): Command | { readonly message: string } {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        jobs: { type: "string", default: "1000" },
        "fault-rate": { type: "string", default: "0.2" },
        seed: { type: "string", default: "1" },
        only: { type: "string" },
        budget: { type: "string" },
        "keep-minutes": { type: "string" },
        trace: { type: "string" },
        json: { type: "boolean", default: false },
      },
    });
    const jobs = whole("jobs", values.jobs, 1, 1_000_000);
    const seed = whole("seed", values.seed, 0, Number.MAX_SAFE_INTEGER);
    const faultRate = Number(values["fault-rate"]);
    if (values["fault-rate"].trim() === "" || !(faultRate >= 0 && faultRate <= 0.9)) {
      throw new Error(`--fault-rate is '${values["fault-rate"]}', expected a share from 0 to 0.9`);
    }
    const { only, trace } = values;
    if (only !== undefined && !isWorkKind(only)) {
      throw new Error(`--only is '${only}', expected one of ${WORK_KINDS.join(", ")}`);
    }
    const budget = values.budget === undefined ? undefined : whole("budget", values.budget, 1, 1_000_000_000);
    const keptFor = values["keep-minutes"];
    const keepMinutes = keptFor === undefined ? undefined : whole("keep-minutes", keptFor, 1, 100_000);
    const plan = {
      jobs,
      seed,
      faultRate,
      ...(only !== undefined && { only }),
      ...(budget !== undefined && { budget }),
      ...(keepMinutes !== undefined && { keepMinutes }),
      ...(trace !== undefined && { trace }),
    };
    return { plan, isQuiet: values.json };
  } catch (error) {
    return { message: `${error instanceof Error ? error.message : String(error)}\n${USAGE}` };
  }
}

function whole(name: string, text: string, low: number, high: number): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= low && value <= high) return value;
  throw new Error(`--${name} is '${text}', expected a whole number from ${low} to ${high}`);
}

function isWorkKind(text: string): text is WorkKind {
  return WORK_KINDS.some((kind) => kind === text);
}
