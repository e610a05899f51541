// Compares the pipeline with one call for the whole recording, by a real Whisper (`bin/setup --whisper`). One JSON line a figure.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";

import { chooseSpeechEngine } from "../../local/engine/speech/speech-engine.ts";
import { note, print, round, say } from "../report.ts";
import { CONDITIONS, keptRecording, makeRecording, makeWordless, type Recording } from "./corpus.ts";
import { differencesIn } from "./differences.ts";
import { keepAnswers, NotKept } from "./kept-answers.ts";
import { type Cutting, inOneCall, throughPipeline } from "./pipeline.ts";
import { timedWords } from "./score.ts";
import type { Language } from "./sentences.ts";
import { compare, figuresOf, nameOf, newTally, type Tally } from "./tally.ts";

const { values } = parseArgs({
  options: {
    model: { type: "string", default: "base" },
    /** The total length of all recordings, and the length of one. */
    minutes: { type: "string", default: "60" },
    seconds: { type: "string", default: "300" },
    /** How many recordings to leave out, which another run makes beside this one. */
    from: { type: "string", default: "0" },
    /** The longest chunks in seconds, with `p` for prompts from the previous chunk: `20,30,60,60p`. */
    cuts: { type: "string", default: "60" },
    languages: { type: "string", default: "en" },
    /** Print each difference between the pipeline and the single call. */
    differences: { type: "boolean", default: false },
    /** Ask Whisper nothing: report the recordings that earlier runs have finished. */
    "kept-only": { type: "boolean", default: false },
    /** Where recordings and Whisper's answers are kept for the next run. */
    keep: { type: "string", default: ".results/whisper" },
  },
});

const PROGRAM = join(import.meta.dirname, "../../local/engine/speech/whisper");
const WORDLESS_SECONDS = 120;

const found = chooseSpeechEngine(values.model);
if (found.type === "missing") throw new Error(found.remedy);
const sources = ["requirements.txt", "transcribe.py"].map((name) => readFile(join(PROGRAM, name), "utf8"));
const recipe = (await Promise.all(sources)).join();
const mayAsk = !values["kept-only"];
const folder = join(values.keep, "answers");
const engine = { ...found, recogniser: keepAnswers(found.recogniser, { folder, recipe, mayAsk }) };
const recordings = join(values.keep, "recordings");
const cuttings: readonly Cutting[] = values.cuts
  .split(",")
  .map((cut) => ({ maxSeconds: Number.parseInt(cut, 10), hasPrompts: cut.endsWith("p") }));
const languages = values.languages.split(",") as Language[];
const seconds = Number(values.seconds);
const from = Number(values.from);
const count = Math.ceil((Number(values.minutes) * 60) / seconds);

try {
  const tallies = cuttings.map((cutting) => ({ cutting, tally: newTally() }));
  for (let index = from; index < from + count; index += 1) {
    const language = languages[index % languages.length] ?? "en";
    const condition = CONDITIONS[Math.floor(index / languages.length) % CONDITIONS.length] ?? "clean";
    const wanted = { language, condition, seconds, seed: index + 1 };
    const recording = await (mayAsk ? makeRecording(recordings, wanted) : keptRecording(recordings, wanted));
    if (recording !== null) await ifKept(() => measure(recording, tallies));
  }
  for (const { cutting, tally } of tallies) {
    if (tally.words > 0) for (const figure of figuresOf(cutting, tally)) print(figure);
  }
  await measureInventions();
} finally {
  await engine.recogniser.close?.();
}

async function measure(
  recording: Recording,
  tallies: readonly { readonly cutting: Cutting; readonly tally: Tally }[],
): Promise<void> {
  const whole = timedWords(await inOneCall(engine, recording));
  for (const { cutting, tally } of tallies) {
    await ifKept(async () => {
      const piped = await throughPipeline(engine, recording, cutting);
      note(`${recording.name}, ${nameOf(cutting)}: ${compare(recording, whole, piped, tally)}`);
      if (values.differences) for (const line of differencesIn(recording, whole, piped)) note(line);
    });
  }
}

/** Leave out what no earlier run has finished, if Whisper may not be asked. */
async function ifKept(work: () => Promise<void>): Promise<void> {
  await work().catch((error: unknown) => {
    if (!(error instanceof NotKept)) throw error;
  });
}

async function measureInventions(): Promise<void> {
  let [invented, flagged] = [0, 0];
  for (const recording of await makeWordless(recordings, WORDLESS_SECONDS)) {
    for (const cutting of cuttings) {
      await ifKept(async () => {
        const { transcript } = await throughPipeline(engine, recording, cutting);
        for (const { text, startMs, endMs } of transcript.segments) {
          invented += 1;
          const reason = transcript.lowConfidence.find((one) => one.startMs < endMs && one.endMs > startMs)?.reason;
          if (reason !== undefined) flagged += 1;
          const mark = reason === undefined ? "NOT FLAGGED" : `flagged (${reason})`;
          const times = `${round(startMs / 1000, 1)}-${round(endMs / 1000, 1)} s`;
          say(`${mark}, ${recording.name}, ${nameOf(cutting)}, ${times}: ${text}`);
        }
      });
    }
  }
  print({ case: "whisper.inventedFlagged", value: flagged, peer: invented, unit: "segments", target: "all" });
}
