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

/** A model that gives the first answer to the first call, and the last to all others. It keeps what it was asked. */
function answering(answers: readonly Answered[], seconds: number): ModelRunner & { readonly asked: object[] } {
  const asked: object[] = [];
  const info = { language: "en", duration: seconds };
  const call = { model: "whisper", engine: "whisper", units: {}, neurons: 1, isEstimated: false, durationMs: null };
  return {
    asked,
    run: async (_model, inputs) => {
      const segments = answers[asked.length] ?? answers.at(-1) ?? [];
      asked.push(inputs);
      const value = { text: segments.map(({ text }) => text).join(""), segments, transcription_info: info };
      return { type: "json", value, call };
    },
  };
}

/** Transcribe a file of `ms`, of which a chunk answers for a part. */
async function transcribed(answers: readonly Answered[], ms: number, [ownStartMs, ownEndMs]: Pair = [0, ms]) {
  const piece = { index: 0, startMs: 0, endMs: ms, ownStartMs, ownEndMs };
  const sent = { piece, fileStartMs: 0, sentMs: ms, pauses: [], quiet: [] };
  const models = answering(answers, ms / 1000);
  const record = await transcribePiece(models, new Uint8Array(1), { tier: "accurate" }, sent);
  const doubtful = (record.doubtful ?? []).map(({ startMs, endMs }) => [startMs, endMs]);
  return { calls: models.asked.length, doubt: record.doubt, doubtful, segments: record.segments };
}

const TAKE = segment(
  " We took our seats in the orchestra.",
  [0.32, 2],
  [-0.4, 0.19],
  [
    " We|0.32|0.48",
    " took|0.48|0.72",
    " our|0.72|1",
    " seats|1|1.24",
    " in|1.24|1.48",
    " the|1.48|1.7",
    " orchestra.|1.7|2",
  ],
);

// A telephone that rings. Whisper's own rule leaves out what it is unsure of, and it is sure of this.
const RINGING = [
  segment(" You", [19.64, 21.04], [-0.93, 0.85], [" You|19.64|21.04"]),
  segment(" You", [39.88, 41.28], [-0.24, 0.7], [" You|39.88|41.28"]),
];

test("a word that the model is sure of, although it detects no speech, is doubted", async () => {
  const doubtful = [
    [19_640, 21_040],
    [39_880, 41_280],
  ];
  expect(await transcribed([[TAKE, ...RINGING]], 59_500)).toMatchObject({ calls: 1, doubt: null, doubtful });
  // What another chunk answers for is for that chunk to judge.
  expect(await transcribed([[TAKE, ...RINGING]], 59_500, [0, 30_000])).toMatchObject({
    doubtful: doubtful.slice(0, 1),
  });
});

test("if no word seems to be spoken, the model is asked again without the silence", async () => {
  expect(await transcribed([RINGING, []], 59_500)).toMatchObject({ calls: 2, doubt: null, doubtful: [], segments: [] });
  const again = await transcribed([RINGING], 59_500);
  expect(again).toMatchObject({ calls: 2, doubt: "there may be no speech here", segments: [{}, {}] });
});

test("a word cut off at the end of a chunk, which the next chunk answers for, is no reason to ask again", async () => {
  // The last half second of a chunk of 54 s with noise, in a window by itself.
  const end = segment(
    " The crowd end.",
    [53.6, 54.18],
    [-1.07, 0.55],
    [" The|53.6|53.9", " crowd|53.9|54.06", " end.|54.06|54.18"],
  );
  expect(await transcribed([[TAKE, end]], 54_180, [0, 53_180])).toMatchObject({ calls: 1, doubt: null });
  expect(await transcribed([[TAKE, end]], 54_180)).toMatchObject({ calls: 2, doubt: "the model was unsure" });
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
  expect(await transcribed([speech], 6_540)).toMatchObject({ calls: 1, doubt: null, doubtful: [] });
});

test("punctuation alone is not a text, and a note is", () => {
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
