import { expect, test } from "vitest";

import { CAPTION_PRESETS, CaptionOptions, layoutCaptions } from "../shared/captions/layout.ts";
import { toSrt, toVtt } from "../shared/captions/captions.ts";
import type { Segment } from "../shared/transcripts/transcript.ts";
import { hasUnspaced } from "../shared/transcripts/scripts.ts";
import { badBreaks, brokenLimits, someOptions, speak, unspaced } from "./caption-properties.ts";
import { sampled } from "./long.ts";
import { seeded, segmentOf, whole } from "./scripted-speaker.ts";

const CASES = sampled(500, 2000);

test("for any text and options: limits hold, cues never overlap, every word is kept in order", () => {
  for (let seed = 1; seed <= CASES; seed += 1) {
    const random = seeded(seed);
    const segments = speak(random);
    const options = someOptions(random);
    const cues = layoutCaptions(segments, options);
    const said = segments.map(({ text }) => text).join(" ");
    expect(unspaced(cues.flatMap(({ lines }) => lines).join(" ")), `seed ${seed}`).toBe(unspaced(said));
    expect(cues.flatMap((cue, index) => brokenLimits(cue, cues[index + 1], options))).toEqual([]);
    expect(JSON.stringify(layoutCaptions(structuredClone(segments), options))).toBe(JSON.stringify(cues));
  }
});

test("no word shorter than a line is split, and none gains or loses a space", () => {
  for (let seed = 1; seed <= CASES; seed += 1) {
    const random = seeded(seed);
    const segments = speak(random).filter(({ text }) => !hasUnspaced(text));
    const options = { ...someOptions(random), maxLineLength: 42 };
    const shown = layoutCaptions(segments, options).flatMap(({ lines }) => lines.flatMap((line) => line.split(" ")));
    expect(shown).toEqual(segments.flatMap(({ text }) => text.split(" ")));
  }
});

test("no line begins inside a word of any script, or with a mark that belongs to the line before", () => {
  for (let seed = 1; seed <= CASES; seed += 1) {
    const random = seeded(seed);
    const segments = speak(random);
    const options = { ...someOptions(random), maxLineLength: whole(random, 40, 60) };
    expect(badBreaks(segments, layoutCaptions(segments, options)), `seed ${seed}`).toEqual([]);
  }
});

test("a cue ends with the sentence, otherwise at a comma, otherwise at a pause", () => {
  const { netflix } = CAPTION_PRESETS;
  const speech = "We went down to the harbour early. When the boats had come in, we bought fish for everyone at home.";
  expect(layoutCaptions([spoken(speech)], netflix).map(({ lines }) => lines)).toEqual([
    ["We went down to the harbour early."],
    ["When the boats had come in,", "we bought fish for everyone at home."],
  ]);
  const comma = "after the long winter the river had risen over both of its banks, and nobody could cross it any more";
  expect(layoutCaptions([spoken(comma)], netflix)[0]?.lines).toEqual([
    "after the long winter the river",
    "had risen over both of its banks,",
  ]);
  const words = spoken(
    "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen",
  ).words;
  const paused = words.map((word, at) =>
    at < 7 ? word : { ...word, startMs: word.startMs + 800, endMs: word.endMs + 800 },
  );
  expect(layoutCaptions([segmentOf(paused)], netflix).map(({ lines }) => lines)).toEqual([
    ["one two three four five six seven"],
    ["eight nine ten eleven twelve", "thirteen fourteen fifteen"],
  ]);
});

test("a short cue stays until it can be read, but not into the next", () => {
  const options = CaptionOptions.parse({ minDurationMs: 1000, minGapMs: 100 });
  const word = (text: string, startMs: number) => ({ text, startMs, endMs: startMs + 200 });
  const alone = [segmentOf([word("Yes.", 500)]), segmentOf([word("No.", 9000)])];
  expect(layoutCaptions(alone, options)).toEqual([
    { startMs: 500, endMs: 1500, lines: ["Yes."] },
    { startMs: 9000, endMs: 10_000, lines: ["No."] },
  ]);
  const long = [word("Incomprehensibilities", 0), word("everywhere.", 200), word("No.", 1500)];
  expect(layoutCaptions([segmentOf(long)], options)[0]).toEqual({
    startMs: 0,
    endMs: 1400,
    lines: ["Incomprehensibilities everywhere."],
  });
});

test("scripts without spaces stay without, by characters, by words and without word times", () => {
  const text = "今日は天気がいいですね。明日も晴れるといいのですが、どうでしょうか。";
  const words = Array.from(text, (char, at) => ({ text: char, startMs: at * 150, endMs: at * 150 + 150 }));
  const endMs = words.length * 150;
  const options = CaptionOptions.parse({ maxLineLength: 26 });
  for (const segment of [
    { startMs: 0, endMs, text, words },
    { startMs: 0, endMs, text, words: words.filter(({ text: char }) => !/[。、]/.test(char)) },
    { startMs: 0, endMs, text, words: [] },
  ]) {
    const lines = layoutCaptions([segment], options).map((cue) => cue.lines);
    expect(lines.flat().join("")).toBe(text);
    expect(lines[0]).toEqual(["今日は天気がいいですね。"]);
    expect(lines.flat().some((line) => /^[。、]/.test(line))).toBe(false);
  }
  const mixed = { startMs: 0, endMs: 3000, text: "私は Node.js が好き。", words: [] };
  expect(layoutCaptions([mixed], CAPTION_PRESETS.bbc).map(({ lines }) => lines)).toEqual([["私は Node.js が好き。"]]);
});

test("a word that is longer than a line is split, its time with it", () => {
  const options = CaptionOptions.parse({ maxLineLength: 10, maxLines: 1, minGapMs: 0, minDurationMs: 0 });
  const cues = layoutCaptions([segmentOf([{ text: "a".repeat(25), startMs: 0, endMs: 2500 }])], options);
  expect(cues.map(({ lines }) => lines.join("").length)).toEqual([10, 10, 5]);
  expect(cues.map(({ startMs }) => startMs)).toEqual([0, 1000, 2000]);
});

test("the parts of a word that the model timed apart stay together", () => {
  const parts = ["don", "'t", "re", "-read", "it", "."].map((text, at) => ({
    text,
    startMs: at * 300,
    endMs: at * 300 + 300,
  }));
  const segment = { ...segmentOf(parts), text: " don't re-read it." };
  const options = CaptionOptions.parse({ maxLineLength: 8, maxLines: 3 });
  expect(layoutCaptions([segment], options).flatMap(({ lines }) => lines)).toEqual(["don't", "re-read", "it."]);
});

test("cues are written with their lines, and markup is escaped", () => {
  const cues = [{ startMs: 0, endMs: 1000, lines: ["a <b>", "& -->"] }];
  expect(toVtt(cues)).toBe("WEBVTT\n\n00:00:00.000 --> 00:00:01.000\na &lt;b&gt;\n&amp; --&gt;\n");
  expect(toSrt(cues)).toBe("1\n00:00:00,000 --> 00:00:01,000\na <b>\n& -->\n");
});

test("options have the usual limits by default, presets are valid, nonsense is refused", () => {
  expect(CaptionOptions.parse({})).toEqual(CAPTION_PRESETS.netflix);
  for (const preset of Object.values(CAPTION_PRESETS)) expect(CaptionOptions.parse(preset)).toEqual(preset);
  expect(CaptionOptions.safeParse({ minDurationMs: 8000 }).success).toBe(false);
  expect(CaptionOptions.safeParse({ lineLength: 42 }).success).toBe(false);
  expect(layoutCaptions([], CAPTION_PRESETS.bbc)).toEqual([]);
});

function spoken(text: string): Segment {
  return segmentOf(text.split(" ").map((word, at) => ({ text: word, startMs: at * 300, endMs: at * 300 + 280 })));
}
