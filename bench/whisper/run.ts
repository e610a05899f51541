// Compares the pipeline with one call for the whole recording, by a real Whisper (`bin/setup --whisper`). One JSON line a figure.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";

import { chooseSpeechEngine } from "../../local/engine/speech/speech-engine.ts";
import { note, percentile, print, round, say } from "../report.ts";
import { CONDITIONS, makeRecording, makeWordless, type Recording } from "./corpus.ts";
import { type Cutting, inOneCall, throughPipeline } from "./pipeline.ts";
import { align, atSeams, bootstrap, errorsIn, plainWords, timedWords, timeDifferences } from "./score.ts";
import type { Language } from "./sentences.ts";

const { values } = parseArgs({
  options: {
    model: { type: "string", default: "base" },
    /** The total length of all recordings, and the length of one. */
    minutes: { type: "string", default: "60" },
    seconds: { type: "string", default: "300" },
    /** The longest chunks in seconds, with `p` for prompts from the previous chunk: `20,30,60,60p`. */
    cuts: { type: "string", default: "60" },
    languages: { type: "string", default: "en" },
  },
});

const engine = chooseSpeechEngine(values.model);
if (engine.type === "missing") throw new Error(engine.remedy);
const cuttings: readonly Cutting[] = values.cuts
  .split(",")
  .map((cut) => ({ maxSeconds: Number.parseInt(cut, 10), hasPrompts: cut.endsWith("p") }));
const languages = values.languages.split(",") as Language[];
const seconds = Number(values.seconds);
const count = Math.ceil((Number(values.minutes) * 60) / seconds);

const folder = await mkdtemp(join(tmpdir(), "darkroom-whisper-"));
try {
  const tallies = cuttings.map(() => newTally());
  for (let index = 0; index < count; index += 1) {
    const language = languages[index % languages.length] ?? "en";
    const condition = CONDITIONS[Math.floor(index / languages.length) % CONDITIONS.length] ?? "clean";
    const recording = await makeRecording(folder, { language, condition, seconds, seed: index + 1 });
    const whole = timedWords(await inOneCall(engine, recording));
    for (const [position, cutting] of cuttings.entries()) {
      const tally = tallies[position];
      if (tally !== undefined) await compare(recording, whole, cutting, tally);
    }
    await rm(recording.file);
  }
  for (const [position, cutting] of cuttings.entries()) report(cutting, tallies[position] ?? newTally());
  await measureInventions();
} finally {
  await rm(folder, { recursive: true });
  if (engine.type === "ready") await engine.recogniser.close?.();
}

interface Tally {
  readonly differences: { errors: number; words: number }[];
  readonly timesMs: number[];
  errors: number;
  wholeErrors: number;
  words: number;
  lost: number;
  doubled: number;
  seams: number;
}

function newTally(): Tally {
  return { differences: [], timesMs: [], errors: 0, wholeErrors: 0, words: 0, lost: 0, doubled: 0, seams: 0 };
}

async function compare(
  recording: Recording,
  whole: ReturnType<typeof timedWords>,
  cutting: Cutting,
  tally: Tally,
): Promise<void> {
  if (engine.type === "missing") return;
  const reference = recording.sentences.flatMap(({ text }) => plainWords(text));
  const { words, seamsMs } = await throughPipeline(engine, recording, cutting);
  const piped = timedWords(words);
  const errors = errorsIn(
    align(
      reference,
      piped.map(({ text }) => text),
    ),
  );
  const wholeErrors = errorsIn(
    align(
      reference,
      whole.map(({ text }) => text),
    ),
  );
  const { lost, doubled } = atSeams(whole, piped, seamsMs);
  tally.errors += errors;
  tally.wholeErrors += wholeErrors;
  tally.words += reference.length;
  tally.lost += lost;
  tally.doubled += doubled;
  tally.seams += seamsMs.length;
  tally.differences.push({ errors: errors - wholeErrors, words: reference.length });
  for (const ms of timeDifferences(whole, piped)) tally.timesMs.push(ms);
  const rates = [errors, wholeErrors].map((wrong) => `${round((100 * wrong) / reference.length)} %`);
  note(
    `${recording.name}, ${nameOf(cutting)}: ${rates[0]} wrong, ${rates[1]} in one call; lost ${lost}, doubled ${doubled}`,
  );
}

function report(cutting: Cutting, tally: Tally): void {
  const name = `whisper.${nameOf(cutting)}`;
  const [low, high] = bootstrap(tally.differences).map((share) => round(100 * share));
  const points = round((100 * (tally.errors - tally.wholeErrors)) / tally.words);
  print({
    case: `${name}.wordErrorRate`,
    value: round((100 * tally.errors) / tally.words),
    peer: round((100 * tally.wholeErrors) / tally.words),
    unit: "%",
    points,
    interval: [low, high],
    words: tally.words,
    target: "at most 0.5 points above one call",
  });
  print({ case: `${name}.lostAtSeams`, value: tally.lost, unit: "words", seams: tally.seams });
  print({ case: `${name}.doubledAtSeams`, value: tally.doubled, unit: "words", seams: tally.seams });
  const p95 = percentile(tally.timesMs, 0.95);
  print({ case: `${name}.wordTimeP95`, value: p95, unit: "ms", p50: percentile(tally.timesMs, 0.5), target: "<= 200" });
}

async function measureInventions(): Promise<void> {
  if (engine.type === "missing") return;
  let [invented, flagged] = [0, 0];
  for (const recording of await makeWordless(folder, 120)) {
    const { transcript } = await throughPipeline(engine, recording, { maxSeconds: 60, hasPrompts: false });
    for (const { text, startMs, endMs } of transcript.segments) {
      invented += 1;
      const isFlagged = transcript.lowConfidence.some((one) => one.startMs < endMs && one.endMs > startMs);
      if (isFlagged) flagged += 1;
      say(`${isFlagged ? "flagged" : "NOT FLAGGED"} about ${recording.name}: ${text}`);
    }
  }
  print({ case: "whisper.inventedFlagged", value: flagged, peer: invented, unit: "segments", target: "all" });
}

function nameOf({ maxSeconds, hasPrompts }: Cutting): string {
  return `${maxSeconds}s${hasPrompts ? "Prompted" : ""}`;
}
