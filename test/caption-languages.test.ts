// Captions in many languages: the length of a line, its direction, and how other programs read them.
import { expect, test } from "vitest";

import { toSrt, toVtt } from "../shared/captions/captions.ts";
import { captionOptionsFor } from "../shared/captions/languages.ts";
import { CAPTION_PRESETS, captionsOf, type Cue, layoutCaptions } from "../shared/captions/layout.ts";
import { widthOf } from "../shared/captions/width.ts";
import type { Segment, Transcript } from "../shared/transcripts/transcript.ts";
import { someOptions, speak } from "./caption-properties.ts";
import { SRT_PARSERS, VTT_PARSERS } from "./caption-parsers.ts";
import { sampled } from "./long.ts";
import { seeded } from "./scripted-speaker.ts";

const CASES = sampled(100, 1000);

function transcriptOf(language: string | null, ...texts: readonly string[]): Transcript {
  const segments = texts.map((text, at): Segment => ({ startMs: at * 6000, endMs: at * 6000 + 5000, text, words: [] }));
  const rest = { model: null, engine: null, durationMs: null, isComplete: true, gaps: [], lowConfidence: [] };
  return { ...rest, language, text: texts.join(" "), segments };
}

const linesOf = (transcript: Transcript, preset?: "netflix" | "bbc") =>
  captionsOf(transcript, { preset }).flatMap(({ lines }) => lines);

test.each([
  ["abc", 3],
  ["今日は", 6],
  ["ｱｲｳ", 3],
  ["ＡＢＣ", 6],
  ["예산", 4],
  ["예산".normalize("NFD"), 4],
  ["น้ำ", 2],
  ["हिन्दी", 3],
  ["مُحَمَّد", 4],
  ["é".normalize("NFD"), 1],
  ["👩‍👩‍👧‍👦", 2],
  ["🇩🇪🇯🇵", 4],
  ["❤️", 2],
  ["👍🏽", 2],
  ["\u200Fשלום\u200B", 4],
  ["", 0],
])("'%s' is %i columns wide", (text, width) => {
  expect(widthOf(text)).toBe(width);
});

test("a line of a language without spaces ends where its words do", () => {
  const thai = "วันนี้อากาศดีมากครับเราจะประชุมเรื่องงบประมาณของประเทศไทยในปีหน้ากันครับ";
  expect(linesOf(transcriptOf("th", thai))).toEqual([
    "วันนี้อากาศดีมากครับเราจะประชุมเรื่อง",
    "งบประมาณของประเทศไทยในปีหน้ากันครับ",
  ]);
  const japanese = "今日はスーパーマーケットでコーヒーを買ってから、ちょっと公園へ行きましょう。";
  expect(linesOf(transcriptOf("ja", japanese))).toEqual([
    "今日はスーパーマーケットで",
    "コーヒーを買ってから、",
    "ちょっと公園へ",
    "行きましょう。",
  ]);
  const khmer = "ថ្ងៃនេះអាកាសធាតុល្អណាស់យើងប្រជុំអំពីថវិកាសម្រាប់ឆ្នាំក្រោយ។";
  const dictionary = new Intl.Segmenter("km", { granularity: "word" });
  const edges = new Set(Array.from(dictionary.segment(khmer), ({ index }) => index));
  const lines = layoutCaptions(transcriptOf("km", khmer).segments, { ...CAPTION_PRESETS.netflix, maxLineLength: 16 });
  let at = 0;
  for (const line of lines.flatMap((cue) => cue.lines)) {
    expect([line, edges.has(at)]).toEqual([line, true]);
    at += line.length;
  }
  expect(at).toBe(khmer.length);
});

test("words that a model times in parts still break between words", () => {
  const text = "我们今天讨论预算和天气我们今天讨论预算和天气我们今天讨论预算和天气";
  const words = Array.from(text, (char, at) => ({ text: char, startMs: at * 100, endMs: at * 100 + 100 }));
  const cues = layoutCaptions([{ startMs: 0, endMs: 3300, text, words }], CAPTION_PRESETS.bbc);
  const [first, second] = cues.flatMap(({ lines }) => lines);
  expect([first, second]).toEqual(["我们今天讨论预算和天气我们今天讨论", "预算和天气我们今天讨论预算和天气"]);
  expect(cues[0]).toMatchObject({ startMs: 0 });
});

test("marks stay with their word, even with a space between, and in front of it", () => {
  const options = { ...CAPTION_PRESETS.netflix, maxLineLength: 16, maxLines: 6 };
  const lines = (text: string) => layoutCaptions(transcriptOf("fr", text).segments, options)[0]?.lines;
  expect(lines("Vous êtes déjà là ? « Oui bien sûr » !")).toEqual(["Vous êtes déjà", "là ? « Oui", "bien sûr » !"]);
  expect(lines("これは「東京」です。")).toEqual(["これは", "「東京」です。"]);
});

test.each([
  ["ja", "今日はいい天気ですね。", 26, 14],
  ["zh", "我们今天讨论预算。", 32, 22],
  ["yue", "我哋今日討論預算。", 32, 22],
  ["ko", "오늘 예산을 이야기합니다.", 32, 28],
  ["th", "วันนี้อากาศดี", 35, 20],
  ["ar", "مرحبا بكم في الاجتماع", 42, 23],
  ["fa", "سلام به همه", 42, 20],
  ["hi", "आज हम बजट पर बात करेंगे", 42, 25],
  ["de", "Guten Tag", 42, 20],
  // The language is not given.
  [null, "今日はいい天気ですね。", 26, 14],
  [null, "Good morning", 42, 20],
  // This is a translation from Japanese.
  ["ja", "It is fine weather today.", 42, 20],
])("the Netflix preset of %s, '%s', has %i columns and %i a second", (language, text, line, speed) => {
  const options = captionOptionsFor(transcriptOf(language, text), { preset: "netflix" });
  expect(options).toEqual({ ...CAPTION_PRESETS.netflix, maxLineLength: line, maxCharsPerSecond: speed });
});

test("the BBC's preset keeps its times, and single options go before those of the language", () => {
  const japanese = transcriptOf("ja", "今日はいい天気ですね。");
  expect(captionOptionsFor(japanese, { preset: "bbc" })).toEqual({
    ...CAPTION_PRESETS.bbc,
    maxLineLength: 26,
    maxCharsPerSecond: 10.5,
  });
  expect(captionOptionsFor(transcriptOf("en", "Hello"), { preset: "bbc" })).toEqual(CAPTION_PRESETS.bbc);
  const own = captionOptionsFor(japanese, { preset: "netflix", options: { maxLineLength: 40 } });
  expect(own).toMatchObject({ maxLineLength: 40, maxCharsPerSecond: 14 });
  expect(captionOptionsFor(japanese, {})).toEqual(captionOptionsFor(japanese, { preset: "netflix" }));
});

test("only lines that are read from right to left carry their direction", () => {
  const transcript = transcriptOf("ar", "YouTube قناة جديدة!", "OK.", "مرحبا بكم");
  const cues = captionsOf(transcript);
  expect(cues.map(({ direction }) => direction)).toEqual(["rtl", undefined, "rtl"]);
  expect(toVtt(cues)).toContain("\n\u200FYouTube قناة جديدة!\n");
  expect(toSrt(cues)).toContain("\n\u202BYouTube قناة جديدة!\u202C\n");
  expect(toVtt(cues)).toContain("\nOK.\n");
  // If the language is not known or is another one, the first letter decides, as in players.
  expect(captionsOf(transcriptOf(null, "שלום iPhone", "iPhone שלום")).map(({ direction }) => direction)).toEqual([
    "rtl",
    undefined,
  ]);
  expect(captionsOf(transcriptOf("en", "שלום"))[0]?.direction).toBe("rtl");
});

/** The line as it is written, with its marks of direction. */
function shown({ startMs, endMs, lines, direction }: Cue, marks: readonly [string, string]) {
  const [before, after] = direction === "rtl" ? marks : ["", ""];
  return { startMs, endMs, text: lines.map((line) => before + line + after).join("\n") };
}

test("the parsers of other projects read the same cues", () => {
  for (let seed = 1; seed <= CASES; seed += 1) {
    const random = seeded(seed);
    const cues = layoutCaptions(speak(random), someOptions(random), random() < 0.5 ? "ar" : null);
    const [vtt, srt] = [toVtt(cues, ["Missing from 0:00 to 0:01"]), toSrt(cues)];
    for (const [name, parse] of Object.entries(VTT_PARSERS)) {
      expect([name, seed, parse(vtt)]).toEqual([name, seed, cues.map((cue) => shown(cue, ["\u200F", ""]))]);
    }
    for (const [name, parse] of Object.entries(SRT_PARSERS)) {
      expect([name, seed, parse(srt)]).toEqual([name, seed, cues.map((cue) => shown(cue, ["\u202B", "\u202C"]))]);
    }
  }
});
