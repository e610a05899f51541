import { parseArgs } from "node:util";

export interface FuzzArguments {
  readonly seconds: number;
  readonly seed: number;
  /** Of one container only. */
  readonly only: string | null;
  /** A finding that was written by an earlier run. */
  readonly replay: string | null;
}

const USAGE = "usage: npm run fuzz:media -- [--seconds 120] [--seed S] [--only CONTAINER] [--replay FILE]";

/** @throws an Error whose message says what was wrong, and how the command is used. */
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
