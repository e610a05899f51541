// If an invocation is ended from outside, its timers end too. `vi.clearAllTimers` does that to all current timers.
import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { memoryLimit } from "../shared/memory-limit.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** A separate clock, and work that reports when it runs and ends when the test says so. */
function scene(totalBytes = 10) {
  let nowMs = 0;
  const memory = memoryLimit(totalBytes, () => nowMs);
  const begun: string[] = [];
  return {
    begun,
    /** @returns a function that ends it. */
    hold: (name: string, bytes: number): (() => Promise<void>) => {
      const { promise, resolve } = Promise.withResolvers<void>();
      const held = memory.hold(bytes, () => {
        begun.push(name);
        return promise;
      });
      return () => {
        resolve();
        return held;
      };
    },
    pass: async (ms: number): Promise<void> => {
      await vi.advanceTimersByTimeAsync(0);
      for (let passed = 0; passed < ms; passed += 1000) {
        nowMs += 1000;
        await vi.advanceTimersByTimeAsync(1000);
      }
    },
    /** Let time pass while the isolate does nothing else, so that no timer fires. */
    block: (ms: number) => void (nowMs += ms),
  };
}

test("tasks that waited in an invocation that has ended let those after them continue after ten seconds", async () => {
  const { begun, hold, pass } = scene();
  const endFirst = hold("first", 8);
  hold("ended while it waited", 5);
  hold("another of it", 5);
  vi.clearAllTimers();
  hold("behind", 2);
  await pass(9_000);
  expect(begun).toEqual(["first"]);
  await pass(3_000);
  expect(begun).toEqual(["first", "behind"]);
  await endFirst();
  await pass(60_000);
  expect(begun).toEqual(["first", "behind"]);
});

test("bytes given to a task that does not continue go to another after ten seconds, and never to two tasks", async () => {
  const { begun, hold, pass, block } = scene();
  hold("ended while it held", 10);
  hold("ended when its turn came", 10);
  await pass(16 * 60_000 - 5_000);
  block(6_000);
  // The next request finds the bytes of the first free, and gives them to the second, which has not continued when others ask.
  hold("third", 1);
  block(11_000);
  const endFourth = hold("fourth", 8);
  await pass(0);
  expect(begun).toEqual(["ended while it held", "fourth"]);
  await endFourth();
  await pass(1_000);
  expect(begun.slice(2)).toEqual(["ended when its turn came"]);
});

test("a task that is only late keeps waiting and runs in the end", async () => {
  const { begun, hold, pass, block } = scene();
  const endFirst = hold("first", 10);
  hold("late", 10);
  await pass(2_000);
  block(60_000);
  const endBehind = hold("behind", 10);
  await pass(3_000);
  await endFirst();
  await pass(1_000);
  expect(begun).toEqual(["first", "behind"]);
  await endBehind();
  await pass(1_000);
  expect(begun).toEqual(["first", "behind", "late"]);
});

test("one that waits in an invocation that lives keeps its place for as long as it takes", async () => {
  const { begun, hold, pass } = scene();
  const endFirst = hold("first", 6);
  const endLarge = hold("large", 10);
  hold("small", 2);
  await pass(10 * 60_000);
  expect(begun).toEqual(["first"]);
  await endFirst();
  await pass(1_000);
  expect(begun).toEqual(["first", "large"]);
  await endLarge();
  await pass(1_000);
  expect(begun).toEqual(["first", "large", "small"]);
});
