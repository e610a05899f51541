// Typed text as operations. The API makes the typed text of them, and words that stayed keep their times.
import * as fc from "fast-check";
import { expect, test } from "vitest";

import { operationsOf, typedWords } from "../dashboard/transcript/differences.ts";
import { applyEdits } from "../shared/transcripts/apply-edits.ts";
import type { EditOperation } from "../shared/transcripts/edit-operations.ts";
import type { Segment, Transcript } from "../shared/transcripts/transcript.ts";

const word = fc.constantFrom("the", "boats", "leave,", "at", "dawn.", "we", "“quote”", "it's", "20", "a-b");
const chinese = fc.constantFrom("今天", "天气", "很", "好", "吗");

function segmentOf(texts: readonly string[], separator: string): Segment {
  const words = texts.map((text, index) => ({ startMs: index * 500, endMs: index * 500 + 400, text }));
  return { startMs: 0, endMs: texts.length * 500, text: texts.join(separator), words };
}

function edited(segment: Segment, typed: string): Segment {
  const operations = operationsOf(0, segment, typed);
  if (operations.length === 0) return segment;
  const transcript: Transcript = {
    model: null,
    engine: null,
    language: null,
    durationMs: segment.endMs,
    text: segment.text,
    segments: [segment],
    isComplete: true,
    gaps: [],
    lowConfidence: [],
  };
  const result = applyEdits(transcript, operations as readonly EditOperation[]);
  if (!result.ok) throw new Error(JSON.stringify({ segment, typed, operations, issues: result.issues }));
  return result.transcript.segments[0]!;
}

const squeezed = (text: string) => text.replaceAll(/\s+/gu, "");

test("any text typed over any line is the text of the line afterwards", () => {
  fc.assert(
    fc.property(fc.array(word, { maxLength: 12 }), fc.array(word, { maxLength: 12 }), (before, after) => {
      const segment = segmentOf(before, " ");
      expect(edited(segment, after.join(" ")).text).toBe(after.join(" "));
      expect(typedWords(segment, after.join("  ")).map(({ start, end }) => after.join("  ").slice(start, end))).toEqual(
        after,
      );
    }),
    { numRuns: 500 },
  );
});

test("a line of a script without spaces is too", () => {
  fc.assert(
    fc.property(fc.array(chinese, { maxLength: 8 }), fc.array(chinese, { maxLength: 8 }), (before, after) => {
      expect(squeezed(edited(segmentOf(before, ""), after.join("")).text)).toBe(after.join(""));
    }),
    { numRuns: 500 },
  );
});

test("words on both sides of a change keep their times", () => {
  const segment = segmentOf(["the", "boots", "leave", "at", "dawn"], " ");
  const { words } = edited(segment, "the old boats leave at dawn");
  expect(words[0]).toEqual(segment.words[0]);
  expect(words.slice(3)).toEqual(segment.words.slice(2));
  expect([words[1]?.startMs, words[2]?.endMs]).toEqual([segment.words[1]?.startMs, segment.words[1]?.endMs]);
  const run = segmentOf(["今天", "天气", "很", "好"], "");
  expect(edited(run, "今天天气不好").words.slice(0, 2)).toEqual(run.words.slice(0, 2));
});
