import { parseArgs } from "node:util";

export interface FuzzArguments {
  readonly seconds: number;
  readonly seed: number;
  /** Try only this container. */
  readonly only: string | null;
  /** A file that an earlier run wrote for a finding. */
  readonly replay: string | null;
}

const USAGE = "usage: npm run fuzz:media -- [--seconds 120] [--seed S] [--only CONTAINER] [--replay FILE]";

/** Read the command line. @throws an Error that says what is wrong, and how to use the command. */
export function readArguments(args: readonly string[]): FuzzArguments {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        seconds: { type: "string", default: "120" },
        seed: { type: "string", default: String(Date.now() % 1_000_000) },
        only: { type: "string" },
        replay: { type: "string" },
      },
    });
    return {
      seconds: wholeNumber("seconds", values.seconds, [1, 86_400]),
      seed: wholeNumber("seed", values.seed, [0, 4_294_967_295]),
      only: values.only ?? null,
      replay: values.replay ?? null,
    };
  } catch (error) {
    throw new Error(`${error instanceof Error ? error.message : String(error)}\n${USAGE}`, { cause: error });
  }
}

function wholeNumber(name: string, text: string, [least, most]: readonly [number, number]): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= least && value <= most) return value;
  throw new Error(`--${name} is '${text}', expected a whole number from ${least} to ${most}`);
}
