// How an edit changes a transcript, and that an edited transcript has the properties of a transcript.
import { expect, test } from "vitest";

import { layoutCaptions } from "../shared/captions/layout.ts";
import { applyEdits } from "../shared/transcripts/apply-edits.ts";
import { EditOperation } from "../shared/transcripts/edit-operations.ts";
import { fillGaps } from "../shared/transcripts/fill-gaps.ts";
import { joinTexts } from "../shared/transcripts/join-words.ts";
import { shownWords } from "../shared/transcripts/shown-words.ts";
import { type Segment, Transcript } from "../shared/transcripts/transcript.ts";
import { brokenLimits, someOptions, speak, unspaced } from "./caption-properties.ts";
import { pick, seeded, segmentOf, whole } from "./scripted-speaker.ts";

const CASES = 500;

function transcriptOf(segments: readonly Segment[], more: Partial<Transcript> = {}): Transcript {
  return {
    model: "m",
    engine: "e",
    language: "en",
    durationMs: 1_000_000_000,
    text: joinTexts(segments.map(({ text }) => text)),
    segments: [...segments],
    isComplete: true,
    gaps: [],
    lowConfidence: [],
    ...more,
  };
}

/** Return words of half a second each, one after the other from `startMs`. */
function said(text: string, startMs = 0): Segment {
  const words = text
    .split(" ")
    .map((word, at) => ({ text: word, startMs: startMs + at * 500, endMs: startMs + at * 500 + 400 }));
  return { ...segmentOf(words), text };
}

function edit(transcript: Transcript, ...operations: unknown[]): Transcript {
  const edited = applyEdits(
    transcript,
    operations.map((operation) => EditOperation.parse(operation)),
  );
  if (!edited.ok) throw new Error(JSON.stringify(edited.issues));
  return edited.transcript;
}

function issuesOf(transcript: Transcript, ...operations: unknown[]) {
  const edited = applyEdits(
    transcript,
    operations.map((operation) => EditOperation.parse(operation)),
  );
  return edited.ok ? [] : edited.issues.map(({ path }) => path);
}

const BOATS = transcriptOf([said("The boots leave, at dawn."), said("Nobody sees them.", 10_000)]);

test("a word that replaces another keeps its time, and the marks that its text brings", () => {
  const { segments, text } = edit(BOATS, { op: "replace", segment: 0, word: 1, words: [{ text: "boats" }] });
  expect(text).toBe("The boats leave, at dawn. Nobody sees them.");
  expect(segments[0]!.words[1]).toEqual({ text: "boats", startMs: 500, endMs: 900 });
  expect(segments[1]).toBe(BOATS.segments[1]);
  expect(BOATS.text).toContain("boots");
});

test("words that take the place of fewer or more share their time by their length", () => {
  const two = edit(BOATS, { op: "replace", segment: 0, word: 1, words: [{ text: "big" }, { text: "shrimp" }] });
  expect(two.segments[0]!.words.slice(1, 3)).toEqual([
    { text: "big", startMs: 500, endMs: 633 },
    { text: "shrimp", startMs: 633, endMs: 900 },
  ]);
  const one = edit(BOATS, { op: "replace", segment: 0, word: 3, count: 2, words: [{ text: "early." }] });
  expect(one.segments[0]!.words.at(-1)).toEqual({ text: "early.", startMs: 1500, endMs: 2400 });
  expect(one.segments[0]!.text).toBe("The boots leave, early.");
});

test("words are inserted between their neighbours, and removed, without moving the others", () => {
  const inserted = edit(BOATS, { op: "insert", segment: 0, word: 1, words: [{ text: "old" }] });
  expect(inserted.segments[0]!.text).toBe("The old boots leave, at dawn.");
  expect(inserted.segments[0]!.words[1]).toEqual({ text: "old", startMs: 400, endMs: 500 });
  const atEnd = edit(BOATS, { op: "insert", segment: 1, word: 3, words: [{ text: "Ever." }] });
  expect(atEnd.segments[1]!.text).toBe("Nobody sees them. Ever.");
  const removed = edit(BOATS, { op: "remove", segment: 0, word: 1, count: 2 });
  expect(removed.segments[0]!.text).toBe("The at dawn.");
  expect(removed.segments[0]!.words.map(({ startMs }) => startMs)).toEqual([0, 1500, 2000]);
});

test("a segment whose words are all removed keeps its place, and words can be put there again", () => {
  const empty = edit(BOATS, { op: "remove", segment: 0, word: 0, count: 5 });
  expect(empty).toMatchObject({ text: "Nobody sees them.", segments: [{ text: "", words: [] }, {}] });
  const again = edit(empty, { op: "insert", segment: 0, word: 0, words: [{ text: "Who" }, { text: "leaves?" }] });
  expect(again.text).toBe("Who leaves? Nobody sees them.");
  expect(again.segments[0]!.words[0]!.startMs).toBe(0);
  expect(again.segments[0]!.words.at(-1)!.endMs).toBe(2400);
});

test("given times are kept, and those between them are interpolated", () => {
  const words = [{ text: "a", startMs: 550 }, { text: "bb" }, { text: "c", endMs: 880 }];
  const { segments } = edit(BOATS, { op: "replace", segment: 0, word: 1, words });
  expect(segments[0]!.words.slice(1, 4)).toEqual([
    { text: "a", startMs: 550, endMs: 633 },
    { text: "bb", startMs: 633, endMs: 798 },
    { text: "c", startMs: 798, endMs: 880 },
  ]);
});

test("several changes of a segment count its words as they were, and meet nowhere", () => {
  const edited = edit(
    BOATS,
    { op: "insert", segment: 0, word: 0, words: [{ text: "Look:" }] },
    { op: "replace", segment: 0, word: 0, words: [{ text: "the" }] },
    { op: "remove", segment: 0, word: 1 },
    { op: "insert", segment: 0, word: 2, words: [{ text: "ships" }] },
    { op: "speaker", segment: 0, speaker: "Ann" },
  );
  expect(edited.segments[0]).toMatchObject({ text: "Look: the ships leave, at dawn.", speaker: "Ann" });
  expect("speaker" in edit(edited, { op: "speaker", segment: 0, speaker: null }).segments[0]!).toBe(false);
});

test.each([
  ["a segment that is not there", [{ op: "remove", segment: 2, word: 0 }], "operations.0.segment"],
  ["words that are not all there", [{ op: "remove", segment: 1, word: 2, count: 2 }], "operations.0.word"],
  ["a place behind the end", [{ op: "insert", segment: 1, word: 4, words: [{ text: "a" }] }], "operations.0.word"],
  [
    "the same word twice",
    [
      { op: "remove", segment: 0, word: 0, count: 3 },
      { op: "replace", segment: 0, word: 2, words: [{ text: "a" }] },
    ],
    "operations.1",
  ],
  [
    "the same place twice",
    [
      { op: "insert", segment: 0, word: 2, words: [{ text: "a" }] },
      { op: "insert", segment: 0, word: 2, words: [{ text: "b" }] },
    ],
    "operations.1",
  ],
  [
    "two speakers of one segment",
    [
      { op: "speaker", segment: 0, speaker: "A" },
      { op: "speaker", segment: 0, speaker: null },
    ],
    "operations.1",
  ],
  [
    "a word that ends before it begins",
    [{ op: "replace", segment: 0, word: 1, words: [{ text: "a", startMs: 800, endMs: 700 }] }],
    "operations.0.words.0",
  ],
  [
    "a word before the one before it",
    [{ op: "replace", segment: 1, word: 1, words: [{ text: "a", startMs: 9999 }] }],
    "operations.0.words.0",
  ],
  [
    "a word after all that follows",
    [{ op: "replace", segment: 0, word: 4, words: [{ text: "a", endMs: 12_000 }] }],
    "operations.0.words.0",
  ],
])("%s is refused by its name", (_, operations, path) => {
  expect(issuesOf(BOATS, ...operations)).toEqual([path]);
});

test.each([
  [{ op: "replace", segment: 0, word: 0, words: [] }],
  [{ op: "replace", segment: 0, word: 0, words: [{ text: " " }] }],
  [{ op: "replace", segment: 0, word: 0, words: [{ text: "a\nb" }] }],
  [{ op: "replace", segment: 0, word: 0, words: [{ text: "a\u2028b" }] }],
  [{ op: "replace", segment: 0, word: 0, words: [{ text: "a\u0000" }] }],
  [{ op: "replace", segment: 0, word: 0, words: [{ text: "\ud800" }] }],
  [{ op: "replace", segment: 0, word: 0, words: [{ text: "a".repeat(4001) }] }],
  [{ op: "insert", segment: 0, word: -1, words: [{ text: "a" }] }],
  [{ op: "remove", segment: 0, word: 0, count: 0 }],
  [{ op: "speaker", segment: 0, speaker: "" }],
  [{ op: "merge", segment: 0 }],
])("%j is not an operation", (operation) => {
  expect(EditOperation.safeParse(operation).success).toBe(false);
});

test("hostile and very long texts are words like any other", () => {
  for (const text of ["<script>alert(1)</script>", "\u202Eabc\u202C", "a".repeat(4000), "-->", "🏳️‍🌈", "ما"]) {
    const { segments } = edit(BOATS, { op: "replace", segment: 0, word: 1, words: [{ text }] });
    expect(shownWords(segments[0]!).map((word) => word.text)).toEqual(["The", text, "leave,", "at", "dawn."]);
  }
});

test("marks that belong to no word go with the word that they touch", () => {
  const words = ["don", "'t", "go"].map((text, at) => ({ text, startMs: at * 300, endMs: at * 300 + 300 }));
  const segment = { ...segmentOf(words), text: "“don't go!”" };
  const { segments } = edit(transcriptOf([segment]), {
    op: "replace",
    segment: 0,
    word: 2,
    words: [{ text: "stay!”" }],
  });
  expect(segments[0]!.text).toBe("“don't stay!”");
  expect(segments[0]!.words.map(({ text }) => text)).toEqual(["“don", "'t", "stay!”"]);
});

test("whatever is edited: only its segments change, texts and words agree, times keep their order, captions their limits", () => {
  for (let seed = 1; seed <= CASES; seed += 1) {
    const random = seeded(seed);
    const before = transcriptOf(speak(random));
    const operations = someOperations(before.segments, random);
    const after = edit(before, ...operations);
    const edited = new Set(operations.map(({ segment }) => segment));
    for (const [at, segment] of after.segments.entries()) {
      const isKept = edited.has(at) || segment === before.segments[at];
      const shown = segment.words.length === 0 ? [] : shownWords(segment).map(({ text }) => text);
      const own = edited.has(at) ? segment.words.map(({ text }) => text) : shown;
      expect({ seed, isKept, shown }).toEqual({ seed, isKept: true, shown: own });
      const starts = segment.words.map(({ startMs }) => startMs);
      expect(starts, `seed ${seed}`).toEqual(starts.toSorted((a, b) => a - b));
    }
    expect(after.text).toBe(joinTexts(after.segments.map(({ text }) => text)));
    const options = someOptions(random);
    const cues = layoutCaptions(after.segments, options);
    expect(unspaced(cues.flatMap(({ lines }) => lines).join(" ")), `seed ${seed}`).toBe(
      unspaced(after.segments.map(({ text }) => text).join(" ")),
    );
    expect(
      cues.flatMap((cue, index) => brokenLimits(cue, cues[index + 1], options)),
      `seed ${seed}`,
    ).toEqual([]);
  }
});

/** Return changes that do not touch each other, of about every third word, from left to right. */
function someOperations(segments: readonly Segment[], random: () => number): EditOperation[] {
  const operations: EditOperation[] = [];
  for (const [segment, one] of segments.entries()) {
    if (random() < 0.5) continue;
    const count = shownWords(one).length;
    for (let word = whole(random, 0, 3); word < count; word += whole(random, 2, 5)) {
      const words = Array.from({ length: whole(random, 1, 3) }, () => ({
        text: pick(["harbour", "x", "you're", "明日", "a".repeat(90), "—", "<i>"], random),
      }));
      const op = pick(["replace", "remove", "insert"] as const, random);
      if (op === "insert") operations.push({ op, segment, word, words });
      else if (op === "remove") operations.push({ op, segment, word, count: 1 });
      else operations.push({ op, segment, word, count: 1, words });
    }
  }
  return operations;
}

test("a gap that was filled since is filled in the edited transcript, and its neighbours are not said twice", () => {
  const gap = { startMs: 10_000, endMs: 20_000, reason: "unsupported_audio" };
  const at = (words: Readonly<Record<string, number>>) =>
    segmentOf(Object.entries(words).map(([text, startMs]) => ({ text, startMs, endMs: startMs + 400 })));
  // Each neighbouring chunk has transcribed a little of the gap on its side.
  const before = [at({ one: 8500, two: 9000, three: 10_400 }), at({ nine: 19_500, ten: 20_500 })];
  const lacking = transcriptOf(before, { gaps: [gap], isComplete: false });
  const edited = edit(lacking, { op: "replace", segment: 0, word: 0, words: [{ text: "One" }] });
  const complete = [
    at({ one: 8500, two: 9000, three: 10_450, four: 11_500 }),
    at({ five: 14_000, nine: 19_450, ten: 20_500 }),
  ];
  const filled = fillGaps(edited, transcriptOf(complete));
  expect(filled).toMatchObject({ isComplete: true, gaps: [], text: "One two three four five nine ten" });
  expect(fillGaps(edited, lacking)).toBe(edited);
});

test("words that a redrive adds keep their language, whatever language the rest of the original has by then", () => {
  const gap = { startMs: 1000, endMs: 9000, reason: "lost" };
  const [hello, french, german] = [said("Hello."), said("Bonjour à tous.", 2000), said("Guten Tag.", 6000)];
  const edited = transcriptOf([hello], { language: "en", isComplete: false, gaps: [gap] });
  // Most of the recording is French now.
  const original = transcriptOf([{ ...hello, language: "en" }, french, { ...german, language: "de" }], {
    language: "fr",
  });
  const filled = fillGaps(edited, original);
  expect(filled.language).toBe("en");
  expect(filled.segments.map(({ language }) => language)).toEqual([undefined, "fr", "de"]);
  // Nothing was transcribed before.
  const empty = transcriptOf([], { language: null, isComplete: false, gaps: [{ ...gap, startMs: 0 }] });
  expect(fillGaps(empty, original)).toMatchObject({ language: "fr", segments: original.segments });
});

test("a transcript of a later version is read without the fields that this one does not know", () => {
  const known = transcriptOf([said("Hello there.")]);
  const [segment] = known.segments;
  const later = {
    ...known,
    mood: "calm",
    segments: [{ ...segment, mood: "calm", words: segment!.words.map((word) => ({ ...word, mood: 1 })) }],
  };
  expect(Transcript.parse(later)).toEqual(known);
});
