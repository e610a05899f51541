// Whisper behind the offline models: the process, against a double that speaks its protocol, and the real Whisper if
// `bin/setup --whisper` was run.
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterAll, afterEach, describe, expect, test } from "vitest";

import type { Recogniser } from "../../local/engine/speech/recogniser.ts";
import { chooseSpeechEngine } from "../../local/engine/speech/speech-engine.ts";
import { whisperTurbo } from "../../local/engine/speech/whisper-models.ts";
import { whisperRecogniser } from "../../local/engine/speech/whisper/faster-whisper.ts";

const DOUBLE = join(import.meta.dirname, "whisper-process.mjs");

const opened: Recogniser[] = [];
afterEach(async () => {
  await Promise.all(opened.splice(0).map(async (recogniser) => await recogniser.close?.()));
});

function double(command: readonly [string, ...string[]] = [process.execPath, DOUBLE]): Recogniser {
  const recogniser = whisperRecogniser("/models/base", command);
  opened.push(recogniser);
  return recogniser;
}

const { signal } = new AbortController();
const ask = (recogniser: Recogniser, initial_prompt?: string, sample = 7) =>
  recogniser.recognise(Int16Array.of(sample, 1, 2), { signal, language: "de", decoding: { initial_prompt } });

test("each recording gets its own answer, with the options it was asked with", async () => {
  const recogniser = double();
  expect(recogniser.engine).toBe("faster-whisper/base");
  const answers = await Promise.all([11, 12, 13].map((sample) => ask(recogniser, undefined, sample)));
  const texts = answers.map(({ segments }) => segments?.[0]?.text.trim());
  expect(texts).toEqual([11, 12, 13].map((sample) => `${sample} {"language":"de"}`));
  expect(answers[0]).toMatchObject({ language: "de", languageProbability: 0.9, durationAfterVadSeconds: 1 });
});

test("an option that it refuses is the caller's fault; any other failure is not", async () => {
  const recogniser = double();
  const refusal = { internalCode: 5006, description: "'xx' is not a valid language code" };
  await expect(ask(recogniser, "refuse")).rejects.toMatchObject(refusal);
  await expect(ask(recogniser, "fail")).rejects.toThrow(/^out of memory$/);
  await expect(ask(recogniser)).resolves.toMatchObject({ language: "de" });
});

test("a process that dies fails its call with the reason, and is started again", async () => {
  const recogniser = double();
  const asked = [ask(recogniser, "silent"), ask(recogniser, "die")];
  for (const one of asked) await expect(one).rejects.toThrow(/ended \(7\)\.\nSegmentation fault/);
  await expect(ask(recogniser)).resolves.toMatchObject({ language: "de" });
});

test("a missing program fails the call and not the server", async () => {
  await expect(ask(double(["/nonexistent/python"]))).rejects.toThrow(/cannot be started.*ENOENT/);
});

test("a caller that disconnects does not have to wait, and the process learns of it", async () => {
  const recogniser = double();
  const leaving = new AbortController();
  const options = { signal: leaving.signal, decoding: { initial_prompt: "silent" } };
  const asked = recogniser.recognise(Int16Array.of(1), options);
  leaving.abort(new Error("left"));
  await expect(asked).rejects.toThrow("left");
  const { segments } = await ask(recogniser);
  expect(segments?.[0]?.text).toMatch(/ 1$/);
  const gone = recogniser.recognise(Int16Array.of(1), options);
  await expect(gone).rejects.toThrow("left");
});

describe.skipIf(chooseSpeechEngine("base").type === "missing")("where it is installed", () => {
  const folder = mkdtempSync(join(tmpdir(), "darkroom-whisper-"));
  const engine = chooseSpeechEngine("base");
  afterAll(async () => {
    rmSync(folder, { recursive: true });
    if (engine.type === "ready") await engine.recogniser.close?.();
  });

  test("it transcribes with punctuation, word times and every figure that the platform documents", async () => {
    const file = join(folder, "speech.wav");
    execFileSync("flite", [
      "-voice",
      "slt",
      "-t",
      "The meeting begins on Monday morning, and it ends at noon.",
      "-o",
      file,
    ]);
    const audio = readFileSync(file).toString("base64");
    const turbo = whisperTurbo("@cf/openai/whisper-large-v3-turbo", engine);
    const answered = await turbo({ inputs: { audio, language: "en", beam_size: 1 }, signal });
    if (!("body" in answered)) throw new Error("no answer");
    expect(answered.engine).toBe("faster-whisper/base");
    const number = expect.any(Number);
    const figures = { temperature: number, avg_logprob: number, compression_ratio: number, no_speech_prob: number };
    expect(answered.body).toMatchObject({
      text: expect.stringMatching(/^The meeting begins on Monday morning,? and it ends at noon\.$/),
      transcription_info: { language: "en", language_probability: 1, duration: number, duration_after_vad: number },
      segments: [
        { start: number, end: number, text: expect.stringMatching(/^ The/), ...figures, words: expect.any(Array) },
      ],
    });
  });

  test("a language that Whisper does not know is refused as the caller's fault", async () => {
    const turbo = whisperTurbo("@cf/openai/whisper-large-v3-turbo", engine);
    const file = join(folder, "short.wav");
    execFileSync("flite", ["-t", "hello", "-o", file]);
    const inputs = { audio: readFileSync(file).toString("base64"), language: "xx" };
    await expect(turbo({ inputs, signal })).rejects.toMatchObject({ internalCode: 5006 });
  });
});
