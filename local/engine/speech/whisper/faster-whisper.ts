// A real Whisper: faster-whisper, in its own Python process that keeps the model in memory. `bin/setup --whisper` installs it.
import { existsSync } from "node:fs";
import { basename, join, resolve } from "node:path";

import * as z from "zod";

import type { Recogniser, RecogniserChoice } from "../recogniser.ts";
import { startTranscriber, type Transcriber } from "./transcriber.ts";

const ROOT = resolve(import.meta.dirname, "../../../..");
const INSTALLED = join(ROOT, ".whisper");
const SCRIPT = join(import.meta.dirname, "transcribe.py");

const Word = z.object({ word: z.string(), start: z.number(), end: z.number() });
const Answer = z.object({
  language: z.string(),
  languageProbability: z.number(),
  durationAfterVadSeconds: z.number(),
  segments: z.array(
    z.object({
      start: z.number(),
      end: z.number(),
      text: z.string(),
      temperature: z.number(),
      avg_logprob: z.number(),
      compression_ratio: z.number(),
      no_speech_prob: z.number(),
      words: z.array(Word),
    }),
  ),
});

/**
 * Choose the real Whisper.
 * @param name a model that faster-whisper knows ("small", "large-v3-turbo"), which is downloaded once; or `base` or `tiny.en`,
 * which `bin/setup --whisper` stores; or a folder with a model in CTranslate2's format.
 * @param installed the folder that `bin/setup --whisper` creates.
 */
export function fasterWhisper(name: string, installed = INSTALLED): RecogniserChoice {
  const python = join(installed, "venv/bin/python");
  // The weights are stored last: without them an installation has failed half-way.
  if (!existsSync(python) || !existsSync(join(installed, "models/tiny.en"))) {
    return {
      type: "missing",
      remedy: "DARKROOM_WHISPER is set, but Whisper is not installed; run: bin/setup --whisper",
    };
  }
  return { type: "ready", recogniser: whisperRecogniser(name, [python, SCRIPT, modelPath(name, installed)]) };
}

/** @param command a program with the protocol of transcribe.py. It starts with the first recording, and again after it has died. */
export function whisperRecogniser(name: string, command: readonly [string, ...string[]]): Recogniser {
  let running: Transcriber | undefined;
  return {
    engine: `faster-whisper/${basename(name)}`,
    async recognise(samples, { language, task, decoding, signal }) {
      if (running === undefined || running.hasEnded) running = startTranscriber(command);
      const options = { ...decoding, ...(language !== undefined && { language }), ...(task !== undefined && { task }) };
      const { segments, ...about } = Answer.parse(await running.transcribe(samples, options, signal));
      return { ...about, segments, words: segments.flatMap(({ words }) => words) };
    },
    close: async () => await running?.close(),
  };
}

function modelPath(name: string, installed: string): string {
  if (existsSync(join(name, "model.bin"))) return resolve(name);
  const stored = join(installed, "models", name);
  return existsSync(stored) ? stored : name;
}
