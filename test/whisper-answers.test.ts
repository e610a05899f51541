// What a real Whisper (tiny.en, by `npm run bench:whisper`) has answered about sounds without speech and at the ends of chunks.
import { expect, test } from "vitest";

import { segmentsOf } from "../consumer/models/whisper-answer.ts";
import { transcribePiece } from "../consumer/transcription/transcribe-piece.ts";
import type { ModelRunner } from "../shared/models/run-model.ts";

type Pair = readonly [number, number];

/** A segment of an answer. `words` are `word|start|end`. */
function segment(text: string, [start, end]: Pair, [avg_logprob, no_speech_prob]: Pair, words: readonly string[]) {
  const timed = words.map((one) => {
    const [word = "", from, to] = one.split("|");
    return { word, start: Number(from), end: Number(to) };
  });
  return { text, start, end, avg_logprob, no_speech_prob, compression_ratio: 0.8, temperature: 0, words: timed };
}

type Answered = readonly ReturnType<typeof segment>[];

/** A model that gives this answer to every call. */
function answering(segments: Answered, seconds: number): ModelRunner {
  const info = { language: "en", duration: seconds };
  const value = { text: segments.map(({ text }) => text).join(""), segments, transcription_info: info };
  const call = { model: "whisper", engine: "whisper", units: {}, neurons: 1, isEstimated: false, durationMs: null };
  return { run: async () => ({ type: "json", value, call }) };
}

async function doubtfulIn(segments: Answered, ms: number, [ownStartMs, ownEndMs]: Pair = [0, ms]) {
  const piece = { index: 0, startMs: 0, endMs: ms, ownStartMs, ownEndMs };
  const sent = { piece, fileStartMs: 0, sentMs: ms, pauses: [], quiet: [] };
  const models = answering(segments, ms / 1000);
  const { doubt, doubtful = [] } = await transcribePiece(models, new Uint8Array(1), { tier: "accurate" }, sent);
  return { doubt, doubtful: doubtful.map(({ startMs, endMs }) => [startMs, endMs]) };
}

test("a word that the model is sure of, although it hears no speech, is doubted", async () => {
  // A telephone that rings. Whisper's own rule leaves out what it is unsure of, and it is sure of this.
  const ringing = [
    segment(" You", [19.64, 21.04], [-0.93, 0.85], [" You|19.64|21.04"]),
    segment(" You", [39.88, 41.28], [-0.24, 0.7], [" You|39.88|41.28"]),
  ];
  expect(await doubtfulIn(ringing, 59_500)).toEqual({
    doubt: null,
    doubtful: [
      [19_640, 21_040],
      [39_880, 41_280],
    ],
  });
  // What another chunk answers for is for that chunk to judge.
  expect((await doubtfulIn(ringing, 59_500, [0, 30_000])).doubtful).toEqual([[19_640, 21_040]]);
});

test("speech that fills its window is not doubted, however sure the model is that there is none", async () => {
  const words = [" He|1.5|2.06", " is|2.06|2.3", " extinct,|2.3|2.94", " cigarette|3.24|3.6", " into|3.6|4.02"];
  const speech = [
    segment(
      " He is extinct, cigarette into the stream.",
      [1.5, 5],
      [-0.55, 0.67],
      [...words, " the|4.02|4.38", " stream.|4.38|5"],
    ),
    // The last second and a half of a chunk, in a window by itself.
    segment(" He loves her.", [5, 6.52], [-0.9, 0.89], [" He|5|6.34", " loves|6.34|6.52", " her.|6.52|6.52"]),
  ];
  expect(await doubtfulIn(speech, 6_540)).toEqual({ doubt: null, doubtful: [] });
});

test("marks alone are no text, and a note is", () => {
  // Thirty-five seconds of hiss.
  const hiss = [
    segment(" .", [30.14, 31.54], [-0.66, 0.95], [" .|30.14|31.54"]),
    segment(" . .", [31.82, 32.68], [-0.66, 0.95], [" .|31.82|31.84", " .|31.84|32.68"]),
    segment(" You", [34.56, 34.98], [-0.94, 0.95], [" You|34.56|34.98"]),
    segment(" ♪♪", [35, 36], [-0.5, 0.9], []),
  ];
  const texts = segmentsOf({ text: " . . . You", segments: [...hiss] }, 36_000).map(({ text }) => text);
  expect(texts).toEqual(["You", "♪♪"]);
  expect(segmentsOf({ text: " . . .", words: hiss.slice(0, 2).flatMap(({ words }) => words) }, 36_000)).toEqual([]);
  expect(segmentsOf({ text: "..." }, 36_000)).toEqual([]);
});
