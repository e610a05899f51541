import { describe, expect, test } from "vitest";

import { agreement, wordErrorRate } from "../bench/models/agreement.ts";
import { readArguments } from "../bench/models/arguments.ts";
import { recommend, type Row } from "../bench/models/recommend.ts";

const words = (text: string) => text.split(" ").filter((word) => word !== "");

test.each([
  ["the cat sat", "The cat, sat.", 0],
  ["the cat", "the cat sat", 1 / 3],
  ["the big cat sat", "the cat sat", 1 / 3],
  ["the hat sat", "the cat sat", 1 / 3],
  ["", "the cat sat", 1],
  ["one two three four five six", "one", 5],
  ["", "", 0],
  ["anything", "", 1],
])("'%s' for '%s' is a word error rate of %f", (heard, spoken, rate) => {
  expect(wordErrorRate(words(heard), words(spoken))).toBeCloseTo(rate, 9);
});

test("agreement is never below nothing, counts labels in common, and is silent on pictures", () => {
  expect(agreement({ words: words("a b c d") }, { words: ["x"] })).toBe(0);
  expect(agreement({ labels: ["cup", "table"] }, { labels: ["cup", "dog", "table"] })).toBeCloseTo(2 / 3, 9);
  expect(agreement(null, null)).toBeNull();
  expect(agreement({ labels: ["cup"] }, { words: ["cup"] })).toBeNull();
});

test.each([
  ["The harbour opens at nine.", "the harbour opens at nine", 1],
  ["boats leave at nine", "boats return at ten", 0.5],
  ["a a a b", "a b", 2 / 3],
  ["", "words", 0],
  ["", "", 1],
])("'%s' and '%s' have %f of their words in common", (left, right, share) => {
  expect(agreement({ written: left }, { written: right })).toBeCloseTo(share, 9);
});

describe("the recommendation", () => {
  const TURBO = "@cf/openai/whisper-large-v3-turbo";
  const row = (changes: Partial<Row>): Row => ({
    model: TURBO,
    engines: ["workers-ai"],
    files: 3,
    failed: 0,
    p50Ms: 100,
    p95Ms: 200,
    neuronsPerFile: 46,
    agreement: 1,
    ...changes,
  });
  const whisper = row({ model: "@cf/openai/whisper", neuronsPerFile: 41, agreement: 0.96 });
  const tiny = row({ model: "@cf/openai/whisper-tiny-en", neuronsPerFile: 0, agreement: 0.8 });

  test.each([
    ["the cheapest that agrees enough", [row({}), whisper, tiny], "@cf/openai/whisper'"],
    ["one with a caveat where it has one", [row({}), { ...tiny, agreement: 0.99 }], "it transcribes English only"],
    ["the largest where no other agrees", [row({}), tiny], "the largest: no smaller one"],
    ["never one that failed", [row({}), { ...whisper, failed: 1 }], "the largest"],
    ["none where all failed", [row({ failed: 1 })], "none is recommended"],
  ])("is %s", (_, rows, expected) => {
    expect(recommend("recordings", rows)).toContain(expected);
  });

  test("requires less agreement for generated texts, and advises to read them", () => {
    const large = row({ model: "@cf/meta/llama-3.1-8b-instruct-fp8-fast", neuronsPerFile: 9 });
    const small = row({ model: "@cf/ibm-granite/granite-4.0-h-micro", neuronsPerFile: 3, agreement: 0.55 });
    expect(recommend("text prompts", [large, small])).toMatch(/granite.* 55\.0 % .*read its answers/);
    expect(recommend("text prompts", [large, { ...small, agreement: 0.4 }])).toContain("the largest: no smaller one");
  });

  test("is only by price for pictures, which cannot be compared by counting", () => {
    const dear = row({ model: "@cf/black-forest-labs/flux-2-dev", neuronsPerFile: 3750, agreement: null });
    const cheap = row({ model: "@cf/black-forest-labs/flux-1-schnell", neuronsPerFile: 172.8, agreement: null });
    expect(recommend("prompts", [dear, cheap])).toMatch(/look at them.*flux-1-schnell/);
  });
});

test.each([
  [[], /--inputs is missing/],
  [["--inputs", "x", "--rounds", "0"], /whole number from 1 to 100/],
  [["--inputs", "x", "--remote"], /DARKROOM_URL/],
  [["--input", "x"], /Unknown option/],
])("%j is refused with how the command is used", (args, sentence) => {
  expect(() => readArguments(args, {})).toThrow(sentence);
  expect(() => readArguments(args, {})).toThrow(/Usage: npm run bench:models/);
});
