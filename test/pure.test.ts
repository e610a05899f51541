import { expect, test } from "vitest";

import { createRenewal } from "../consumer/runner/lease.ts";
import { memoryLimit } from "../shared/memory-limit.ts";
import { groupWords } from "../consumer/models/group-words.ts";
import { joinTexts } from "../shared/transcripts/join-words.ts";
import { clock } from "../shared/transcripts/clock.ts";
import { nextAllocationAt } from "../shared/models/allocation.ts";
import { backoffMs, decide } from "../consumer/runner/retry-policy.ts";
import { createPatience } from "../consumer/runner/timer.ts";
import { byteRange } from "../producer/http/send-object.ts";
import { toSrt, toVtt } from "../shared/captions/captions.ts";

const failure = { code: "x", message: "y" };

test("a backoff doubles, stays near its mean, and never passes its ceiling", () => {
  for (let attempt = 1; attempt <= 40; attempt += 1) {
    const [low, mean, high] = [0, 0.5, 1].map((random) => backoffMs(attempt, () => random)) as [number, number, number];
    expect(mean).toBe(Math.min(10_000 * 2 ** (attempt - 1), 900_000));
    expect(low).toBe(Math.round(mean * 0.9));
    expect(high).toBe(Math.round(mean * 1.1));
  }
});

test.each([
  [0, "00:00"],
  [125_999, "02:05"],
  [3_725_000, "1:02:05"],
  [36_000_000, "10:00:00"],
])("%s ms into a recording is %s", (timeMs, shown) => {
  expect(clock(timeMs)).toBe(shown);
});

test.each([
  ["2026-11-23T13:37:00.000Z", "2026-11-24T00:05:00.000Z"],
  ["2026-12-31T23:59:59.999Z", "2027-01-01T00:05:00.000Z"],
  ["2026-11-23T00:15:00.000Z", "2026-11-24T00:05:00.000Z"],
  // Just after midnight the platform's count may not have started again. A hold until the next midnight would lose another day.
  ["2026-11-23T00:00:00.000Z", "2026-11-23T00:20:00.000Z"],
  ["2026-11-23T00:14:59.000Z", "2026-11-23T00:34:59.000Z"],
])("a hold of %s ends at %s at the latest", (askedAt, latest) => {
  expect(new Date(nextAllocationAt(Date.parse(askedAt), () => 1)).toISOString()).toBe(latest);
});

test("every failure comes to an end: attempts by their number, waiting by its age", () => {
  const now = 1_800_000_000_000;
  const at = { now, random: () => 0 };
  const fresh = { attempt: 5, maxAttempts: 5, createdAt: now };
  const old = { attempt: 1, maxAttempts: 5, createdAt: now - 8 * 24 * 3_600_000 };
  expect(decide({ remedy: "retry", failure }, fresh, at).type).toBe("discard");
  expect(decide({ remedy: "snooze", failure }, fresh, at).type).toBe("snooze");
  expect(decide({ remedy: "snooze", failure }, old, at).type).toBe("discard");
  expect(decide({ remedy: "hold", failure }, old, at).type).toBe("discard");
  expect(decide({ remedy: "discard", failure }, { ...fresh, attempt: 1 }, at).type).toBe("discard");
});

test("words become segments at pauses, at full stops and before they get too long, in order and whole", () => {
  const word = (text: string, startMs: number) => ({ text, startMs, endMs: startMs + 200 });
  const words = [word("one", 0), word("two.", 300), word("three", 600), word("four", 2000)];
  expect(groupWords(words, "one two. three four").map(({ text }) => text)).toEqual(["one two.", "three", "four"]);
  const long = Array.from({ length: 200 }, (_, index) => word(`w${index}`, index * 250));
  const segments = groupWords(long, long.map(({ text }) => text).join(" "));
  expect(segments.flatMap((segment) => segment.words)).toEqual(long);
  expect(segments.every(({ startMs, endMs }) => endMs - startMs <= 7000)).toBe(true);
  expect(groupWords([], "")).toEqual([]);
});

test("captions escape what would be markup, and blank lines that would end a cue", () => {
  const segments = [{ startMs: 3_599_999, endMs: 3_661_007, text: "a <b> & c\n\n--> d", words: [] }];
  expect(toVtt(segments)).toBe("WEBVTT\n\n00:59:59.999 --> 01:01:01.007\na &lt;b&gt; &amp; c --&gt; d\n");
  expect(toSrt(segments)).toBe("1\n00:59:59,999 --> 01:01:01,007\na <b> & c --> d\n");
});

test.each([
  ["bytes=0-0", { offset: 0, length: 1 }],
  ["bytes=0-99", { offset: 0, length: 10 }],
  ["bytes=9-", { offset: 9, length: 1 }],
  ["bytes=-3", { offset: 7, length: 3 }],
  ["bytes=-99", { offset: 0, length: 10 }],
  ["bytes=10-", "unsatisfiable"],
  ["bytes=-0", "unsatisfiable"],
  ["bytes=5-2", null],
  ["bytes=0-1,3-4", null],
  ["items=0-1", null],
  ["bytes=-", null],
  [undefined, null],
])("the range %j of ten bytes", (header, expected) => {
  expect(byteRange(header, 10)).toEqual(expected);
});

test("a memory limit runs work side by side up to its size, in order, and the oversized alone", async () => {
  const memory = memoryLimit(10);
  let heldBytes = 0;
  let mostBytes = 0;
  const started: number[] = [];
  const work = async (index: number, bytes: number) =>
    memory.hold(bytes, async () => {
      started.push(index);
      heldBytes += Math.min(bytes, 10);
      mostBytes = Math.max(mostBytes, heldBytes);
      await new Promise((resolve) => setTimeout(resolve, 1));
      heldBytes -= Math.min(bytes, 10);
      if (index === 1) throw new Error("one fails");
    });
  const sizes = [4, 6, 50, 3, 3, 3];
  const results = await Promise.allSettled(sizes.map((bytes, index) => work(index, bytes)));
  expect(results.filter(({ status }) => status === "rejected")).toHaveLength(1);
  expect(started).toEqual([0, 1, 2, 3, 4, 5]);
  expect(mostBytes).toBe(10);
});

test("leases are renewed every twenty seconds, each time for ninety", () => {
  let now = 0;
  const renewal = createRenewal(() => now);
  const renewedAt: number[] = [];
  for (; now <= 61_000; now += 500) if (renewal() === 90_000) renewedAt.push(now);
  expect(renewedAt).toEqual([20_000, 40_000, 60_000]);
});

test("a settlement that D1 refuses is tried again for 45 seconds, counted from the first refusal", () => {
  let now = 0;
  const isToBeRetried = createPatience(() => now);
  const at = (ms: number, isTaken: boolean) => {
    now = ms;
    return isToBeRetried(isTaken);
  };
  expect(at(100_000, false)).toBe(true);
  expect(at(144_999, false)).toBe(true);
  expect(at(145_000, false)).toBe(false);
  expect(at(146_000, true)).toBe(false);
  expect(at(200_000, false)).toBe(true);
});

test("the texts of a day of segments are joined in a moment, each to the one before it", () => {
  const texts = Array.from({ length: 60_000 }, (_, index) => (index % 3 === 0 ? "今日は" : `said ${index}.`));
  const startedAt = performance.now();
  const joined = joinTexts(texts);
  // With work in the square of their number it took minutes.
  expect(performance.now() - startedAt).toBeLessThan(2000);
  expect(joined.slice(0, 31)).toBe("今日は said 1. said 2. 今日は said 4.");
  expect(joinTexts(["a😀", "", " 今", "日", "𠮷", "野 "])).toBe("a😀 今日𠮷野");
});
