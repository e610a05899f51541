import { expect, test } from "vitest";

import { type HeardChunk, mergeChunks } from "../shared/transcripts/merge-chunks.ts";
import type { Segment } from "../shared/transcripts/transcript.ts";
import { sampled } from "./long.ts";
import { hear, type Hearing, type Said, seeded, segmentOf, speak } from "./scripted-speaker.ts";

const CASES = sampled(300, 1200); // of about three seams each

test("random speech on random grids: no word lost or doubled at any seam, whatever the order of the chunks", () => {
  let seams = 0;
  for (let seed = 1; seed <= CASES; seed += 1) {
    const random = seeded(seed);
    const speech = speak(random, { seconds: 60, repeats: 0.08, silences: 0.04 });
    const chunks = hear(speech, random, { jitterMs: 400 });
    seams += chunks.length - 1;
    const merged = mergeChunks(chunks);
    expect(errors(merged, speech), `seed ${seed}`).toBe(0);
    expect(JSON.stringify(mergeChunks(chunks.toSorted(() => random() - 0.5)))).toBe(JSON.stringify(merged));
    expect(isMonotone(merged), `seed ${seed}`).toBe(true);
  }
  expect(seams).toBeGreaterThan(2 * CASES);
});

test("words that the two sides spell differently are neither lost nor doubled", () => {
  for (let seed = 1; seed <= CASES; seed += 1) {
    const random = seeded(seed);
    const speech = speak(random, { seconds: 60, repeats: 0.03, silences: 0.04, variants: 0.3 });
    const merged = mergeChunks(hear(speech, random, { jitterMs: 400 }));
    expect(errors(merged, speech), `seed ${seed}`).toBe(0);
  }
});

test("sparse speech, with a word or none in an overlap and two spellings of it, is kept too", () => {
  for (let seed = 1; seed <= CASES; seed += 1) {
    const random = seeded(seed);
    const speech = speak(random, { seconds: 60, repeats: 0, silences: 0.7, variants: 0.5 });
    const merged = mergeChunks(hear(speech, random, { jitterMs: 400 }));
    expect(errors(merged, speech), `seed ${seed}`).toBe(0);
  }
});

test.each([0, 100, 200, 400])("speech that is cut in its pauses is whole again, times off by %i ms", (jitterMs) => {
  let seams = 0;
  for (let seed = 1; seed <= CASES; seed += 1) {
    const random = seeded(seed);
    const speech = speak(random, { seconds: 60, repeats: 0.08, silences: 0.2, variants: 0.1 });
    const chunks = hear(speech, random, { jitterMs, inPauses: true });
    seams += chunks.length - 1;
    expect(errors(mergeChunks(chunks), speech), `seed ${seed}`).toBe(0);
  }
  expect(seams).toBeGreaterThan(2 * CASES);
});

// Runs of ten equal words, a third of a second apart: times that are off by more than that cannot tell them apart.
test.each([
  { jitterMs: 0, mostPerSeam: 0.001 },
  { jitterMs: 100, mostPerSeam: 0.001 },
  { jitterMs: 200, mostPerSeam: 0.005 },
  { jitterMs: 400, mostPerSeam: 0.05 },
])("nine words of ten repeat the last, times off by $jitterMs ms: few seams miscount", ({ jitterMs, mostPerSeam }) => {
  const rate = errorsPerSeam({ jitterMs }, { repeats: 0.9, silences: 0.02 });
  expect(rate).toBeLessThan(mostPerSeam);
});

// A side that hears nothing in the overlap leaves no way to tell a repeated word from one heard twice.
test.each([
  { deaf: "left", deafShare: "some", mostPerSeam: 0.03 },
  { deaf: "right", deafShare: "some", mostPerSeam: 0.03 },
  { deaf: "left", deafShare: "all", mostPerSeam: 0.04 },
  { deaf: "right", deafShare: "all", mostPerSeam: 0.04 },
] as const)("where the $deaf side misses $deafShare of an overlap, the other's words stand", (gap) => {
  const rate = errorsPerSeam({ jitterMs: 400, ...gap }, { repeats: 0, silences: 0.04 });
  expect(rate).toBeLessThan(gap.mostPerSeam);
});

test("the cut falls in the middle of the common run, and each segment keeps its own text and words", () => {
  const left = chunk(0, { ownEndMs: 10_000, endMs: 12_000 }, [
    "Well,|7000",
    "the|8500",
    "old|9000",
    "red|9500",
    "fox|10000",
    "jum|11900",
  ]);
  const right = chunk(1, { ownStartMs: 10_000, startMs: 8000 }, [
    "the|8600",
    "old|9100",
    "red|9600",
    "Fox|10100",
    "jumped.|11800",
  ]);
  expect(mergeChunks([right, left]).map(({ text, startMs, endMs }) => ({ text, startMs, endMs }))).toEqual([
    { text: "Well, the old", startMs: 7000, endMs: 9200 },
    { text: "red Fox jumped.", startMs: 9600, endMs: 12_000 },
  ]);
});

test("a cut segment of a script without spaces gains none", () => {
  const chars = (text: string, fromMs: number) => Array.from(text, (char, at) => `${char}|${fromMs + at * 200}`);
  const left = chunk(0, { ownEndMs: 2000, endMs: 3000 }, chars("今日は天気がいいですね。", 400));
  const right = chunk(1, { ownStartMs: 2000, startMs: 1000 }, chars("天気がいいですね。明日も", 1050));
  const spaceless = [left, right].map((heard) => ({
    ...heard,
    segments: heard.segments.map((segment) => ({ ...segment, text: segment.text.replaceAll(" ", "") })),
  }));
  const merged = mergeChunks(spaceless);
  expect(merged.map(({ text }) => text).join("")).toBe("今日は天気がいいですね。明日も");
  expect(merged).toHaveLength(2);
});

test("segments without word times are kept by the side their middle is on, and all where a neighbour is silent", () => {
  const untimed = (startMs: number, endMs: number, text: string) => ({ startMs, endMs, text, words: [] });
  const left = {
    ...chunk(0, { ownEndMs: 10_000, endMs: 12_000 }),
    segments: [untimed(0, 9000, "a"), untimed(9500, 11_900, "b")],
  };
  const right = {
    ...chunk(1, { ownStartMs: 10_000, startMs: 8000 }),
    segments: [untimed(9400, 11_800, "b"), untimed(12_000, 19_000, "c")],
  };
  expect(mergeChunks([left, right]).map(({ text }) => text)).toEqual(["a", "b", "c"]);
  expect(mergeChunks([left, { ...right, segments: [] }])).toEqual(left.segments);
  expect(mergeChunks([right, { ...left, segments: [] }])).toEqual(right.segments);
  expect(mergeChunks([])).toEqual([]);
});

test("next to a missing chunk all transcribed words are kept, and a chunk wholly within another adds nothing", () => {
  const left = chunk(0, { ownEndMs: 10_000, endMs: 12_000 }, ["one|9000", "two|11500"]);
  const right = chunk(2, { ownStartMs: 20_000, startMs: 18_000, ownEndMs: 30_000, endMs: 30_000 }, ["three|18100"]);
  const within = chunk(3, { ownStartMs: 2000, startMs: 2000, ownEndMs: 9500, endMs: 9500 }, ["one|9050"]);
  expect(mergeChunks([right, within, left]).map(({ text }) => text)).toEqual(["one two", "three"]);
});

test("where files were laid end to end, a word that ends one and begins the next was said twice", () => {
  // A packet more than the first file's length, and one that began before the second's.
  const left = chunk(0, { ownEndMs: 10_000, endMs: 10_021 }, ["yes|9000", "no|9790"]);
  const right = chunk(1, { ownStartMs: 10_000, startMs: 9980 }, ["no|10010", "never|10500"]);
  expect(mergeChunks([left, right]).map(({ text }) => text)).toEqual(["yes no", "no never"]);
});

test("no more than necessary is taken from a doubtful chunk", () => {
  const left = chunk(0, { ownEndMs: 10_000, endMs: 12_000 }, ["loop|8600", "loop|9200", "loop|9700"]);
  const right = chunk(1, { ownStartMs: 10_000, startMs: 8000 }, ["calm|8200", "seas|10500"]);
  const texts = (chunks: readonly HeardChunk[]) => mergeChunks(chunks).map(({ text }) => text);
  expect(texts([{ ...left, isLowConfidence: true }, right])).toEqual(["calm seas"]);
});

/** Words with their times, `text|startMs-endMs`. */
function answered(words: string): readonly Segment[] {
  const timed = words.split(" ").map((word) => {
    const [text = "", times = ""] = word.split("|");
    const [startMs = 0, endMs = 0] = times.split("-").map(Number);
    return { text, startMs, endMs };
  });
  return [segmentOf(timed)];
}

test("a last word that Whisper stretches over what it left out does not stand for the words of the next chunk", () => {
  // What Whisper (tiny.en) has answered to "a fight broke out at the hockey game. getting it off".
  const left = {
    ...chunk(0, { endMs: 158_380, ownEndMs: 157_380 }),
    segments: answered("broke|155300-155620 out|155620-155940 at|155940-156220 the|156220-158360"),
  };
  const right = {
    ...chunk(1, { startMs: 156_380, endMs: 210_320, ownStartMs: 157_380, ownEndMs: 209_320 }),
    segments: answered(
      "rocky|156380-156700 game,|156700-157400 getting|157820-158020 it|158020-158340 off|158340-158580",
    ),
  };
  const merged = mergeChunks([left, right]);
  expect(merged.map(({ text }) => text).join(" ")).toBe("broke out at the rocky game, getting it off");
  expect(isMonotone(merged)).toBe(true);
  const words = merged.flatMap((segment) => segment.words);
  expect(words.find(({ text }) => text === "game,")?.startMs).toBe(156_700);
});

test("a last word that was cut off, and timed through the pause before it, is not said twice", () => {
  // What Whisper (tiny.en) has answered to "the play opened to universal acclaim. a deep sigh was wrenched".
  const left = {
    ...chunk(0, { endMs: 159_240, ownEndMs: 158_240 }),
    segments: answered(
      "opened|155880-156320 to|156320-156720 universal|156720-157320 acclaim.|157320-157900 Adeep.|157900-158980",
    ),
  };
  const right = {
    ...chunk(1, { startMs: 157_240, endMs: 208_540, ownStartMs: 158_240, ownEndMs: 207_540 }),
    segments: answered(
      "a|157240-157640 claim.|157640-158080 A|159100-159200 deep|159200-159400 sigh|159400-159620 was|159620-159840",
    ),
  };
  const merged = mergeChunks([left, right]);
  expect(merged.map(({ text }) => text).join(" ")).toBe("opened to universal acclaim. A deep sigh was");
  expect(isMonotone(merged)).toBe(true);
});

test("a word whose beginning its file lacks is not kept beside that word", () => {
  // What Whisper (tiny.en) has answered to "aristocratic sentiment. Let's abstract".
  const left = {
    ...chunk(0, { endMs: 264_360, ownEndMs: 263_360 }),
    segments: answered("aristocratic|261860-262600 sentiment?|262600-263100 Live.|263100-264260"),
  };
  const right = {
    ...chunk(1, { startMs: 262_360, endMs: 302_103, ownStartMs: 263_360, ownEndMs: 302_103 }),
    segments: answered("exentiment.|263200-263840 Let's|264260-264740 abstract|264740-265220"),
  };
  const merged = mergeChunks([left, right]);
  expect(merged.map(({ text }) => text).join(" ")).toBe("aristocratic sentiment? Let's abstract");
});

test("a first word that Whisper stretches over what it left out does not stand for the words of the chunk before", () => {
  const left = {
    ...chunk(0, { endMs: 12_000, ownEndMs: 11_000 }),
    segments: answered(
      "went|9500-9800 out|9800-10100 for|10200-10400 the|10450-10600 whole|10650-10900 day|10950-11300",
    ),
  };
  const right = {
    ...chunk(1, { startMs: 10_000, ownStartMs: 11_000 }),
    segments: answered("today.|10000-12200 Then|12300-12600 they|12650-12900"),
  };
  expect(
    mergeChunks([left, right])
      .map(({ text }) => text)
      .join(" "),
  ).toBe("went out for the whole day today. Then they");
});

function chunk(index: number, times: Partial<HeardChunk>, words: readonly string[] = []): HeardChunk {
  const timed = words.map((word) => {
    const [text = "", at] = word.split("|");
    return { text, startMs: Number(at), endMs: Number(at) + 200 };
  });
  const segments = timed.length > 0 ? [segmentOf(timed)] : [];
  return { index, startMs: 0, endMs: 20_000, ownStartMs: 0, ownEndMs: 20_000, segments, ...times };
}

function errorsPerSeam(hearing: Hearing, rates: { repeats: number; silences: number }): number {
  let wrong = 0;
  let seams = 0;
  for (let seed = 1; seed <= 500; seed += 1) {
    const random = seeded(seed);
    const speech = speak(random, { seconds: 60, ...rates });
    const chunks = hear(speech, random, hearing);
    seams += chunks.length - 1;
    wrong += errors(mergeChunks(chunks), speech);
  }
  return wrong / seams;
}

/** Words lost plus words doubled: the edits that turn what was merged into what was said. */
function errors(merged: readonly Segment[], speech: readonly Said[]): number {
  const heard = merged.flatMap(({ words }) => words.map(({ text }) => text));
  expect(merged.map(({ text }) => text).join(" ")).toBe(heard.join(" "));
  const said = speech.map(({ spellings }) => spellings);
  let row = Array.from({ length: said.length + 1 }, (_, index) => index);
  if (heard.length === said.length && heard.every((text, index) => said[index]?.includes(text))) return 0;
  for (const [index, text] of heard.entries()) {
    const next = [index + 1];
    for (const [at, spellings] of said.entries()) {
      const same = spellings.includes(text) ? row[at]! : Infinity;
      next.push(Math.min(same, row[at + 1]! + 1, next[at]! + 1));
    }
    row = next;
  }
  return row.at(-1)!;
}

function isMonotone(segments: readonly Segment[]): boolean {
  const times = segments.flatMap(({ startMs, words, endMs }) => [
    startMs,
    ...words.flatMap((word) => [word.startMs, word.endMs]),
    endMs,
  ]);
  return times.every((timeMs, index) => timeMs >= (times[index - 1] ?? 0));
}
