import { expect, test } from "vitest";

import { doubt } from "../consumer/transcription/doubt.ts";
import type { Segment } from "../shared/transcripts/transcript.ts";

/** Return segments of words from a model that does not report its confidence. */
function said(texts: readonly string[], wordMs = 300): readonly Segment[] {
  const words = texts.map((text, index) => ({ text, startMs: index * wordMs, endMs: (index + 1) * wordMs }));
  return [{ startMs: 0, endMs: texts.length * wordMs, text: texts.join(" "), words }];
}

const SPEECH =
  "When we came to the harbour in the morning, the boats had left already, and nobody could tell us which of them would come back before night. So we sat down on the wall, ate what we had brought, and waited for the baker, who knows everything that happens in this town. He came at nine with warm bread and no news at all.";

function times(words: string, count: number): readonly string[] {
  return Array.from({ length: count }, () => words.split(" ")).flat();
}

test.each([
  ["nine words twenty times", times("the quick brown fox jumps over the lazy dog", 20)],
  ["fourteen words of one character thirty times", times("a b c d e f g h i j k l m n", 30)],
  ["twenty-five words four times", times(SPEECH.split(" ").slice(0, 25).join(" "), 4)],
  ["one word with all sorts of punctuation", times("Thanks, thanks! THANKS. thanks?", 3)],
  ["a sentence without spaces", ["ご視聴ありがとうございました。".repeat(12)]],
  ["characters one by one", Array.from("谢谢观看请订阅频道".repeat(8))],
  [
    "nearly the same",
    Array.from({ length: 30 }, (_, index) => `and then he said number ${index % 3} again to all of them`),
  ],
])("a loop is doubted, whatever figures the model sends: %s", async (_, words) => {
  expect(await doubt([], said(words))).toMatch(/repeats/);
  // The answer has only text.
  const [segment] = said(words);
  expect(await doubt([], [{ ...segment!, words: [] }])).toMatch(/repeats/);
});

test("speech is not doubted, nor its refrains, its lists, or a language without spaces", async () => {
  const refrain = "row row row your boat gently down the stream merrily merrily merrily merrily life is but a dream";
  const chinese = "今天下午我们在河边走了很久天气不太好但是没有下雨后来遇到了一位老朋友他说下个月要搬到南方去";
  const counted = Array.from({ length: 120 }, (_, index) => `w${index + 100}`);
  for (const words of [
    counted,
    SPEECH.split(" "),
    refrain.split(" "),
    Array.from(chinese),
    "one two three four five six".split(" "),
  ])
    expect(await doubt([], said(words))).toBeNull();
});

test("too many words for their time are doubted", async () => {
  // PocketSphinx returns this for fifteen seconds of a bad line.
  expect(await doubt([], said(["of", "i've", "the", "volvo", "of"], 3_000))).toMatch(/far fewer words/);
  expect(await doubt([], said(SPEECH.split(" "), 30))).toMatch(/more words/);
  expect(await doubt([], said(["Yes", "it", "is"], 900))).toBeNull();
});

test("what the model says of itself counts as before", async () => {
  const text = SPEECH;
  const none = { compressionRatio: null, averageLogProbability: null, noSpeechProbability: null };
  const window = { text, startMs: 0, endMs: 20_000, soundMs: 20_000, ...none };
  const words = said(SPEECH.split(" "));
  expect(await doubt([{ ...window, compressionRatio: 2.5 }], words)).toMatch(/repeats/);
  expect(await doubt([{ ...window, averageLogProbability: -1.2 }], words)).toBe("the model was unsure");
  expect(await doubt([{ ...window, averageLogProbability: -1.2, noSpeechProbability: 0.9 }], words)).toMatch(
    /no speech/,
  );
  expect(await doubt([{ ...window, noSpeechProbability: 0.9 }], words)).toBeNull();
});
