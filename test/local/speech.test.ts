// The parts of the speech engine that need no recogniser.
import { expect, test } from "vitest";

import { toCaptions, toVtt } from "../../local/engine/speech/captions.ts";
import { parseCtm } from "../../local/engine/speech/pocketsphinx.ts";
import { SAMPLES_PER_SECOND } from "../../local/engine/speech/recogniser.ts";
import { whisper } from "../../local/engine/speech/whisper-models.ts";
import { fasterWhisper } from "../../local/engine/speech/whisper/faster-whisper.ts";
import { splitWindows } from "../../local/engine/speech/windows.ts";

const seconds = (count: number) => Math.round(count * SAMPLES_PER_SECOND);

/** Noise at one level, with one second of silence. */
function recording(lengthSeconds: number, silentFrom: number): Int16Array {
  const samples = new Int16Array(seconds(lengthSeconds)).fill(1000);
  return samples.fill(0, seconds(silentFrom), seconds(silentFrom + 1));
}

test("a recording that can be transcribed whole is not cut, whatever its pauses", () => {
  expect(splitWindows(recording(25, 20))).toHaveLength(1);
});

test("a longer one is cut where it is quiet, and no sample is lost", () => {
  const samples = recording(40, 19);
  const windows = splitWindows(samples);
  expect(windows).toHaveLength(2);
  expect(windows[1]?.startSeconds).toBeGreaterThan(19);
  expect(windows[1]?.startSeconds).toBeLessThan(20);
  expect(windows.reduce((sum, window) => sum + window.samples.length, 0)).toBe(samples.length);
});

test("without a pause no window grows past its limit", () => {
  const windows = splitWindows(new Int16Array(seconds(120)).fill(1000));
  expect(Math.max(...windows.map(({ samples }) => samples.length))).toBeLessThanOrEqual(seconds(25));
});

test("sounds are not words, variants lose their number, times move with the window", () => {
  const ctm = "window 1 0.29 0.10 the(2) 0.6\nwindow 1 0.40 0.28 <sil> 1.0\nwindow 1 0.70 0.1 [NOISE] 1.0\n";
  expect(parseCtm(ctm, 20)).toEqual([{ word: "the", start: 20.29, end: 20.39 }]);
});

test("captions break at a pause and before a line grows too long", () => {
  const words = Array.from({ length: 30 }, (_, index) => {
    const start = index * 0.3 + (index >= 5 ? 2 : 0);
    return { word: "word", start, end: start + 0.25 };
  });
  const captions = toCaptions(words);
  expect(captions[0]?.words).toHaveLength(5);
  expect(captions.flatMap((caption) => caption.words)).toEqual(words);
  for (const { start, end, text } of captions) {
    expect(end - start).toBeLessThanOrEqual(7);
    expect(text.length).toBeLessThanOrEqual(84);
  }
  expect(toVtt(captions.slice(0, 1))).toBe("WEBVTT\n\n00:00:00.000 --> 00:00:01.450\nword word word word word\n");
});

test("a Whisper that is asked for but not installed is refused with the command that installs it", async () => {
  const choice = fasterWhisper("base", "/nonexistent");
  const remedy = expect.stringContaining("run: bin/setup --whisper");
  expect(choice).toEqual({ type: "missing", remedy });
  if (choice.type !== "missing") return;
  const request = { inputs: { audio: [1, 2, 3] }, signal: new AbortController().signal };
  const refused = whisper("@cf/openai/whisper", choice)(request);
  await expect(refused).rejects.toMatchObject({ internalCode: 5007, status: 400, description: remedy });
});
