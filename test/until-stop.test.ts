import { expect, test } from "vitest";

import type { OpenAnswer } from "../producer/generate/open-answer.ts";
import { beforeStop, untilStop } from "../producer/generate/until-stop.ts";
import { sentCall } from "../shared/models/model-call.ts";
import { seedOf } from "../shared/models/sampling.ts";

/** An answer that comes in these pieces. */
function answerOf(pieces: readonly (readonly string[])[], isCut = false): OpenAnswer {
  const left = [...pieces];
  return { next: async () => left.shift() ?? null, call: () => sentCall("a model", {}), isCut: () => isCut };
}

async function read(answer: OpenAnswer): Promise<string[]> {
  const texts: string[] = [];
  for (let next = await answer.next(); next !== null; next = await answer.next()) texts.push(...next);
  return texts;
}

test.each([
  [["one ", "two ", "three"], ["two"], ["one "], true],
  [["one t", "w", "o three"], ["two"], ["one "], true],
  [["one t", "w", "ice"], ["two"], ["one ", "twice"], false],
  [["ends with tw"], ["two"], ["ends with ", "tw"], false],
  [["a\n", "\nb"], ["\n\n"], ["a"], true],
  [["one ", "two"], ["two", "one"], [], true],
  [["abab", "ac"], ["abac"], ["ab"], true],
  [["one ", "two "], [], ["one ", "two "], false],
])("%j ends before the first of %j", async (pieces, sequences, expected, isStopped) => {
  let stops = 0;
  const answer = untilStop(
    answerOf(
      pieces.map((piece) => [piece]),
      true,
    ),
    sequences,
    () => (stops += 1),
  );
  expect(await read(answer)).toEqual(expected);
  expect(stops).toBe(isStopped ? 1 : 0);
  // An answer that was stopped is as long as it was asked to be.
  expect(answer.isCut()).toBe(!isStopped);
  expect(beforeStop(pieces.join(""), sequences)).toEqual({ text: expected.join(""), isStopped });
});

test("however a text is cut into pieces, the same comes before the stop", async () => {
  const text = "abcabdabcaba";
  for (const sequence of ["abd", "aba", "cab", "dab", "zz"]) {
    const expected = beforeStop(text, [sequence]).text;
    for (let size = 1; size <= text.length; size += 1) {
      const pieces = Array.from({ length: Math.ceil(text.length / size) }, (_, index) => [
        text.slice(index * size, (index + 1) * size),
      ]);
      expect((await read(untilStop(answerOf(pieces), [sequence], () => undefined))).join("")).toBe(expected);
    }
  }
});

test("every seed is one that the models take, and the same for the same seed", () => {
  const seeds = [1, 42, 9_999_999_999, 0, -1, Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER, 2 ** 63, 1.5];
  const taken = seeds.map(seedOf);
  expect(taken.slice(0, 3)).toEqual(seeds.slice(0, 3));
  for (const seed of taken) expect(Number.isInteger(seed) && seed >= 1 && seed <= 9_999_999_999).toBe(true);
  expect(seeds.map(seedOf)).toEqual(taken);
});
