// Words become text as their language writes them: in a model's answer without text, and wherever words are joined.
import { expect, test } from "vitest";

import { segmentsOf } from "../consumer/models/whisper-answer.ts";
import { applyEdits } from "../shared/transcripts/apply-edits.ts";
import { composeTranscript } from "../shared/transcripts/compose-transcript.ts";
import { joinTexts as joinOnPage, showSegment } from "../dashboard/transcript/words.ts";
import { joinTexts, joinWords } from "../shared/transcripts/join-words.ts";
import { endsSentence } from "../shared/transcripts/scripts.ts";
import { shownWords } from "../shared/transcripts/shown-words.ts";
import { Transcript } from "../shared/transcripts/transcript.ts";

/** Return an answer of consecutive words, half a second each. */
const answerOf = (words: readonly string[], text = "") => ({
  text,
  words: words.map((word, at) => ({ word, start: at / 2, end: at / 2 + 0.4 })),
});

const textsOf = (words: readonly string[], text?: string) =>
  segmentsOf(answerOf(words, text), 60_000).map((segment) => segment.text);

test.each([
  ["Japanese", ["今日", "は", "天気", "が", "いい", "です", "ね", "。"], ["今日は天気がいいですね。"]],
  ["Japanese with English", ["私", "は", "AI", "と", "GPU", "2", "枚", "が", "好き"], ["私はAIとGPU 2枚が好き"]],
  ["Chinese", ["我们", "用", "iPhone", "15", "讨论", "预算"], ["我们用iPhone 15讨论预算"]],
  ["Thai", ["วันนี้", "อากาศ", "ดี", "YouTube"], ["วันนี้อากาศดี YouTube"]],
  ["Khmer", ["ថ្ងៃ", "នេះ", "ល្អ", "។"], ["ថ្ងៃនេះល្អ។"]],
  ["Tibetan", ["བོད་", "སྐད་", "ཡིན", "།"], ["བོད་སྐད་ཡིན།"]],
  ["Korean", ["오늘", "예산을", "이야기합니다."], ["오늘 예산을 이야기합니다."]],
  ["English with Chinese", ["he", "said", "你好", "to", "me"], ["he said 你好 to me"]],
  ["marks that are words", ["Hello", ",", "world", "!"], ["Hello, world!"]],
  ["opening marks", ["¿", "Qué", "tal", "?"], ["¿Qué tal?"]],
  ["words with their spaces", [" It", "'s", " re", "-read", "."], ["It's re-read."]],
  ["Japanese with its spaces", ["今日", "は", " iPhone", " 15", "だ"], ["今日は iPhone 15だ"]],
])("an answer of only words is joined as %s is written", (_, words, texts) => {
  expect(textsOf(words)).toEqual(texts);
});

test("the model's own text goes before any rule", () => {
  expect(textsOf(["東京", "で", "GPU", "を"], " 東京 で GPU を ")).toEqual(["東京 で GPU を"]);
  expect(textsOf(["Guten", "Tag"], "»Guten Tag!«")).toEqual(["»Guten Tag!«"]);
  // A different text does not contain these words.
  expect(textsOf(["twenty", "boats"], "20 boats")).toEqual(["twenty boats"]);
  const worded = { text: "", segments: [{ words: answerOf(["今日", "は"]).words }] };
  expect(segmentsOf(worded, 1000)).toMatchObject([{ text: "今日は", words: [{}, {}] }]);
});

test.each([
  ["。", ["今日は。", "明日も。"]],
  ["！", ["今日は！", "明日も！"]],
  ["؟", ["كيف حالك؟", "أنا بخير."]],
  ["।", ["आज अच्छा है।", "कल भी।"]],
  ["။", ["ဒီနေ့ကောင်းတယ်။", "မနက်ဖြန်လည်း။"]],
  ["។", ["ថ្ងៃនេះល្អ។", "ស្អែកក៏ល្អ។"]],
  ["։", ["Այսօր լավ է։", "Վաղն էլ։"]],
  ["።", ["ዛሬ ጥሩ ነው።", "ነገም።"]],
  ["۔", ["آج اچھا ہے۔", "کل بھی۔"]],
])("a sentence that ends with %s ends its segment", (_, sentences) => {
  const words = sentences.flatMap((sentence) => sentence.split(" "));
  expect(textsOf(words)).toEqual(sentences);
  for (const sentence of sentences) expect(endsSentence(`${sentence}”`)).toBe(true);
  expect(endsSentence(words.join("").replaceAll(/\P{L}+/gu, ""))).toBe(false);
});

test("texts of many scripts one after another: a space between sentences, none within a script that has none", () => {
  expect(joinTexts(["今日は。", "明日も。"])).toBe("今日は。明日も。");
  expect(joinTexts(["Hello.", "今日は。", "Good."])).toBe("Hello. 今日は。 Good.");
  expect(joinTexts(["สวัสดี", "ครับ", "예산은", "있어요"])).toBe("สวัสดีครับ 예산은 있어요");
  expect(joinWords([])).toBe("");
});

test("an edit puts words where they belong in text without spaces", () => {
  const words = ["今日", "は", "天気"].map((text, at) => ({ text, startMs: at * 500, endMs: at * 500 + 400 }));
  const segment = { startMs: 0, endMs: 1400, text: "今日は天気", words };
  const rest = {
    model: null,
    engine: null,
    language: "ja",
    durationMs: 2000,
    isComplete: true,
    gaps: [],
    lowConfidence: [],
  };
  const transcript = { ...rest, text: segment.text, segments: [segment] };
  const edited = applyEdits(transcript, [
    { op: "replace", segment: 0, word: 2, count: 1, words: [{ text: "AI" }, { text: "が" }, { text: "好き" }] },
  ]);
  if (!edited.ok) throw new Error("refused");
  expect(edited.transcript.text).toBe("今日はAIが好き");
  expect(shownWords(edited.transcript.segments[0] ?? segment).map(({ text }) => text)).toEqual([
    "今日",
    "は",
    "AI",
    "が",
    "好き",
  ]);
  const removed = applyEdits(transcript, [{ op: "remove", segment: 0, word: 1, count: 1 }]);
  expect(removed.ok && removed.transcript.text).toBe("今日天気");
});

test("chunks of a text without spaces meet without one", () => {
  const chunk = (index: number, text: string) => ({
    index,
    startMs: index * 10_000,
    endMs: index * 10_000 + 10_000,
    ownStartMs: index * 10_000,
    ownEndMs: index * 10_000 + 10_000,
    segments: segmentsOf(answerOf(Array.from(text)), 10_000).map((segment) => ({
      ...segment,
      startMs: segment.startMs + index * 10_000,
      endMs: segment.endMs + index * 10_000,
      words: segment.words.map((word) => ({
        ...word,
        startMs: word.startMs + index * 10_000,
        endMs: word.endMs + index * 10_000,
      })),
    })),
    model: "m",
    engine: "e",
    language: "ja",
    doubt: null,
  });
  const { text } = composeTranscript([chunk(0, "今日はいい"), chunk(1, "天気です")], {
    gaps: [],
    durationMs: 20_000,
    hasAllEnded: true,
  });
  expect(text).toBe("今日はいい天気です");
});

test("a recording that changes its language is not forced into one: each part is in its own", () => {
  const chunk = (index: number, language: string | null, text: string) => ({
    index,
    startMs: index * 10_000,
    endMs: index * 10_000 + 11_000,
    ownStartMs: index * 10_000,
    ownEndMs: index * 10_000 + 10_000,
    segments: text === "" ? [] : [{ startMs: index * 10_000 + 2000, endMs: index * 10_000 + 9000, text, words: [] }],
    model: language === null ? null : "m",
    engine: "e",
    language,
    doubt: null,
  });
  const chunks = [
    chunk(0, "en", "Good morning."),
    chunk(1, "ja", "今日は。"),
    chunk(2, null, ""),
    chunk(3, "en", "Thanks."),
  ];
  const composed = composeTranscript(chunks, { gaps: [], durationMs: 40_000, hasAllEnded: true });
  expect(composed.language).toBe("en");
  expect(composed.segments.map(({ text, language }) => [text, language])).toEqual([
    ["Good morning.", undefined],
    ["今日は。", "ja"],
    ["Thanks.", undefined],
  ]);
  expect(Transcript.parse(JSON.parse(JSON.stringify(composed)))).toEqual(composed);
  // An edit of the words does not change the language.
  const edited = applyEdits(composed, [
    { op: "replace", segment: 1, word: 0, count: 1, words: [{ text: "明日は。" }] },
  ]);
  expect(edited.ok && edited.transcript.segments[1]).toMatchObject({ text: "明日は。", language: "ja" });
  // A chunk with almost no words does not decide the language of the recording.
  const few = { ...chunk(4, "la", "Amen."), segments: [{ startMs: 40_000, endMs: 40_100, text: "Amen.", words: [] }] };
  expect(
    composeTranscript([few, ...chunks.slice(1, 2)], { gaps: [], durationMs: null, hasAllEnded: true }).language,
  ).toBe("ja");
});

test.each([
  [["今日", "は", "天気"], "今日は　天気です"],
  [["私", "は", "AI", "が", "好き"], "私はＡＩが好きだ"],
  [["Is", "it", "(", "twenty", ")", "?"], "Is it (20)?"],
  [["ราคา", "100", "บาท"], "ราคาหนึ่งร้อยบาท"],
  [["他说", "hello", "world"], "他说 hi"],
])("the page shows the words %j as the API counts and joins them, if the text does not hold them", (words, text) => {
  const timed = words.map((word, index) => ({ startMs: index * 100, endMs: index * 100 + 90, text: word }));
  const segment = { startMs: 0, endMs: 1000, text, words: timed };
  const api = shownWords(segment).map((word, index) => (index === 0 ? word.text : word.separator + word.text));
  expect(showSegment(segment).text).toBe(api.join(""));
  expect(joinOnPage(["今日は。", "", "明日も。", "Yes", ")", "你好"])).toBe(
    joinTexts(["今日は。", "", "明日も。", "Yes", ")", "你好"]),
  );
});
