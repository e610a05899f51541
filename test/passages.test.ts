import { expect, test } from "vitest";

import { cutPassages } from "../shared/search/cut-passages.ts";
import { fuse } from "../shared/search/fuse.ts";
import { topK } from "../shared/search/top-k.ts";
import { countWords } from "../shared/search/sentences.ts";
import type { Segment } from "../shared/transcripts/transcript.ts";

/** Return segments of `words` words each, with two seconds a segment. */
function segments(count: number, { words, end = "" }: { words: number; end?: string }): readonly Segment[] {
  return Array.from({ length: count }, (_, index) => ({
    startMs: index * 2000,
    endMs: index * 2000 + 1900,
    text: `${Array.from({ length: words }, (_word, nth) => `w${index}x${nth}`).join(" ")}${end}`,
    words: [],
  }));
}

test("a transcript is cut at ends of segments into passages of 60 to 120 words, and nothing of it is lost", () => {
  const transcript = segments(47, { words: 9 });
  const passages = cutPassages("job_1", { transcript });
  expect(passages.map(({ id }) => id)).toEqual(passages.map((_, index) => `job_1:transcript:${index}`));
  expect(passages.map(({ text }) => text).join(" ")).toBe(transcript.map(({ text }) => text).join(" "));
  for (const { text, startMs, endMs } of passages.slice(0, -1)) {
    expect(countWords(text)).toBeGreaterThanOrEqual(60);
    expect(countWords(text)).toBeLessThanOrEqual(120);
    expect(transcript.some((segment) => segment.startMs === startMs)).toBe(true);
    expect(transcript.some((segment) => segment.endMs === endMs)).toBe(true);
  }
  expect(passages[1]?.startMs).toBe(passages[0]!.endMs! + 100);
});

test("a sentence's end closes a passage that is long enough; a short remainder stays with what came before", () => {
  const passages = cutPassages("job_1", { transcript: segments(8, { words: 10, end: "." }) });
  expect(passages).toHaveLength(1);
  expect(passages[0]).toMatchObject({ startMs: 0, endMs: 15_900 });
  const three = cutPassages("job_1", { transcript: segments(14, { words: 10, end: "." }) });
  expect(three.map(({ text }) => countWords(text))).toEqual([60, 80]);
});

test("a text that one segment holds whole is cut by its sentences, timed by its words", () => {
  const said = Array.from({ length: 200 }, (_, index) => (index % 50 === 49 ? `Word${index}.` : `Word${index}`));
  const words = said.map((text, index) => ({ text, startMs: index * 100, endMs: index * 100 + 90 }));
  const whole = { startMs: 0, endMs: 20_000, text: said.join(" "), words };
  expect(cutPassages("j", { transcript: [whole] })).toMatchObject([
    { startMs: 0, endMs: 9990 },
    { startMs: 10_000, endMs: 19_990 },
  ]);
  // Without times of the words, no part has more exact times than the segment.
  const [first] = cutPassages("j", { transcript: [{ ...whole, words: [] }] });
  expect(first).toMatchObject({ startMs: 0, endMs: 20_000 });
});

test("a sentence without an end, and one in a script without spaces, are cut all the same", () => {
  const endless = Array.from({ length: 500 }, (_, index) => `word${index}`).join(" ");
  const passages = cutPassages("j", { text: endless });
  expect(passages.map(({ text }) => text).join(" ")).toBe(endless);
  expect(Math.max(...passages.map(({ text }) => countWords(text)))).toBe(120);
  const japanese = "今日は天気がいいですね。明日も公園に行きましょう。".repeat(30);
  const cut = cutPassages("j", { text: japanese });
  expect(cut.length).toBeGreaterThan(2);
  expect(cut.map(({ text }) => text).join("")).toBe(japanese);
});

test("prompts, captions and labels are passages without times; an empty text is not a passage", () => {
  const labels = [
    { label: "cup", score: 0.612_345 },
    { label: "dining table", score: 0.4 },
  ];
  expect(
    cutPassages("job_1", { prompt: " a quiet harbour at dawn ", caption: "A cup.", labels, summary: "  " }),
  ).toEqual([
    { id: "job_1:prompt:0", source: "prompt", text: "a quiet harbour at dawn", startMs: null, endMs: null },
    { id: "job_1:labels:0", source: "labels", text: "cup 0.61, dining table 0.4", startMs: null, endMs: null },
    { id: "job_1:caption:0", source: "caption", text: "A cup.", startMs: null, endMs: null },
  ]);
  expect(cutPassages("job_1", { transcript: [], labels: [], text: "\n" })).toEqual([]);
});

test("rankings are fused by places: what both found comes before what one put first", () => {
  const fused = fuse(
    [
      { name: "words", ids: ["a", "b"] },
      { name: "meaning", ids: ["c", "b"] },
    ],
    10,
  );
  expect(fused.map(({ id }) => id)).toEqual(["b", "a", "c"]);
  expect(fused[0]).toEqual({ id: "b", score: 2 / 62, foundBy: ["words", "meaning"] });
  expect(fused[1]).toEqual({ id: "a", score: 1 / 61, foundBy: ["words"] });
  expect(fuse([{ name: "words", ids: ["a", "b"] }], 1)).toHaveLength(1);
});

test("the best of many are kept in order, whatever order they come in", () => {
  const scores = Array.from({ length: 1000 }, (_, index) => (index * 7919) % 1009); // all different, well mixed
  for (const k of [1, 2, 10, 999, 5000]) {
    const best = topK<number>(k);
    for (const score of scores) best.show(score, score);
    expect(best.best().map(({ value }) => value)).toEqual(scores.toSorted((a, b) => b - a).slice(0, k));
  }
});
