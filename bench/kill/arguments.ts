import { parseArgs } from "node:util";

export interface KillArguments {
  /** Print only the last line. */
  readonly json: boolean;
  readonly kills: number;
  readonly jobs: number;
  readonly seed: number;
  /** Switch between two versions of the Worker at each kill: this one, and one that writes newer formats. */
  readonly upgrade: boolean;
  /** The tree of an earlier version, to use as the older of the two. */
  readonly from: string | undefined;
}

/** Read the command line. @throws an Error that says what is wrong, and how to use the command. */
export function readArguments(args: readonly string[]): KillArguments {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        json: { type: "boolean", default: false },
        kills: { type: "string", default: "10" },
        jobs: { type: "string", default: "60" },
        seed: { type: "string", default: String(Date.now() % 1_000_000) },
        upgrade: { type: "boolean", default: false },
        from: { type: "string" },
      },
    });
    return {
      json: values.json,
      kills: wholeNumber("kills", values.kills, [0, 100]),
      jobs: wholeNumber("jobs", values.jobs, [1, 1000]),
      seed: wholeNumber("seed", values.seed, [0, 4_294_967_295]),
      upgrade: values.upgrade || values.from !== undefined,
      from: values.from,
    };
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    throw new Error(
      `${message}\nUsage: npm run chaos:kill -- [--json] [--kills 10] [--jobs 60] [--seed S] [--upgrade] [--from TREE]`,
      {
        cause: error,
      },
    );
  }
}

function wholeNumber(name: string, text: string, [least, most]: readonly [number, number]): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= least && value <= most) return value;
  throw new Error(`--${name} is '${text}', expected a whole number from ${least} to ${most}`);
}
