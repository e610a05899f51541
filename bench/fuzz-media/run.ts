// `npm run fuzz:media`: prints one JSON object a line. Exit code 1 if a file hung, crashed or broke a limit.
import { GENERATORS } from "../../test/structural/generators.ts";
import { note, print, round } from "../report.ts";
import { type FuzzArguments, readArguments } from "./arguments.ts";
import { type Deck, draw } from "./draw.ts";
import { type Finding, type FindingKind, GOAL_BYTES, GOAL_MEMORY_BYTES, GOAL_MS, unitsOf } from "./judge.ts";
import { keepFinding, readFinding } from "./keep.ts";
import { readRecordings } from "./recordings.ts";
import { Tally } from "./tally.ts";
import { Trials } from "./trial.ts";

const FOLDER = ".results/fuzz-media";
/** For each container and kind of finding: if every tenth file has a fault, a few examples are enough. */
const MOST_KEPT = 10;
const FIGURES = { hangs: "hang", overMemory: "overMemory", crashes: "crash", overLimit: "overLimit" } as const;

try {
  const args = readArguments(process.argv.slice(2));
  process.exitCode = args.replay === null ? await fuzz(args) : await replay(args.replay);
} catch (error) {
  note(error instanceof Error ? error.message : String(error));
  process.exitCode = 2;
}

/** Fuzz, and return the exit code. */
async function fuzz({ seconds, seed, only }: FuzzArguments): Promise<number> {
  const recordings = await readRecordings(`${FOLDER}/recordings`);
  if (recordings.length === 0) note("ffmpeg is not installed: no real recordings are mutated");
  const deck: Deck = { seed, quantityBytes: GOAL_BYTES, only, recordings };
  const trials = new Trials(deck);
  const tally = new Tally();
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.once(signal, () => {
      trials.close();
      process.exit(130);
    });
  }
  const endAtMs = performance.now() + seconds * 1000;
  note(`${seconds} s, seed ${seed}`);
  try {
    for (let number = 0; performance.now() < endAtMs; number++) {
      const { tried, findings } = await trials.run({ type: "try", number });
      const drawn = findings.length === 0 ? null : await draw(deck, number);
      const container = tried?.container ?? drawn?.container ?? "?";
      tally.add(container, tried, findings);
      if (drawn === null) continue;
      const failed = { container, name: drawn.name, sizeBytes: drawn.bytes.length, seed, number };
      if (tally.isWorthKeeping(failed, findings, MOST_KEPT)) {
        const path = await keepFinding(FOLDER, drawn, { seed, number, findings });
        note(
          `${container} | ${drawn.name} | ${findings.map(({ kind, text }) => `${kind}: ${text}`).join(" | ")}\n  ${path}`,
        );
      }
    }
  } finally {
    trials.close();
  }
  return report(tally, { seed, seconds });
}

function report(tally: Tally, settings: { readonly seed: number; readonly seconds: number }): number {
  print({
    case: "fuzz.media.cases",
    value: tally.cases(),
    unit: "files",
    ...settings,
    byContainer: tally.casesByContainer(),
  });
  let failures = 0;
  for (const [name, kind] of Object.entries(FIGURES)) {
    const value = tally.count(kind);
    failures += value;
    const smallest = tally.smallest(kind);
    const where = smallest === null ? {} : { byContainer: tally.countByContainer(kind), smallest };
    print({ case: `fuzz.media.${name}`, value, unit: "files", target: "0", ...where });
  }
  for (const container of [null, ...GENERATORS.map((one) => one.container)]) {
    const slowest = tally.slowest(container);
    if (slowest === null) continue;
    const { ms, peakMb, overGoal, of } = slowest;
    const name = container === null ? "fuzz.media.slowestMs" : `fuzz.media.${container}.slowestMs`;
    // The CPU of the slowest step for each 25 MB. A small file has the limit of 25 MB.
    print({
      case: name,
      value: round(ms),
      unit: "ms",
      target: `≤ ${GOAL_MS}`,
      overGoal,
      of,
      peakMb,
      maxMb: GOAL_MEMORY_BYTES / 2 ** 20,
    });
  }
  return failures > 0 ? 1 : 0;
}

/** Replay a file, and return the exit code. */
async function replay(path: string): Promise<number> {
  const trials = new Trials({ seed: 0, quantityBytes: GOAL_BYTES, only: null, recordings: [] });
  try {
    const drawn = await readFinding(path);
    const { tried, findings } = await trials.run({ type: "replay", drawn });
    const kinds = findings.map(({ kind }: Finding): FindingKind => kind);
    const slowestMs = tried === null ? null : round(tried.slowestMs / unitsOf(tried.sizeBytes));
    print({
      case: "fuzz.media.replay",
      value: findings.length,
      unit: "findings",
      target: "0",
      name: drawn.name,
      kinds,
      findings,
      slowestMs,
      tried,
    });
    return findings.length > 0 ? 1 : 0;
  } finally {
    trials.close();
  }
}
