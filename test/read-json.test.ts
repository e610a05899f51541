// The tests check the work: visited characters, counted entries, seen fields. They never check a clock.
import * as fc from "fast-check";
import { expect, test } from "vitest";

import { MAX_JSON_DEPTH, MAX_JSON_ENTRIES, measureJson, readJson } from "../shared/input/read-json.ts";

test("any JSON within the limits is what JSON.parse makes of it", () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 8 }), fc.constantFrom(undefined, 2), (value, space) => {
      const json = JSON.stringify(value, null, space);
      expect(readJson(json)).toEqual({ ok: true, value: JSON.parse(json) });
      const { depth, entries, steps } = measureJson(json);
      expect([depth, entries >= countEntries(value), steps <= json.length]).toEqual([depthOf(value), true, true]);
    }),
    { numRuns: 500, seed: 11 },
  );
});

function depthOf(value: unknown): number {
  if (typeof value !== "object" || value === null) return 0;
  return 1 + Math.max(0, ...Object.values(value).map(depthOf));
}

function countEntries(value: unknown): number {
  if (typeof value !== "object" || value === null) return 0;
  return Object.values(value).reduce((sum: number, inner) => sum + 1 + countEntries(inner), 0);
}

test("characters inside a string that look like structure are not counted", () => {
  const value = { 'a"[{,': '\\"[[[,,,', b: "\\", c: "]}" };
  expect(measureJson(JSON.stringify(value))).toMatchObject({ depth: 1, entries: 3 });
  expect(readJson(JSON.stringify(value))).toEqual({ ok: true, value });
});

test("text that is not JSON is refused as that", () => {
  for (const json of ["", "{", '{"a": 1', "[1,]", '"a', "\\", "]]]]", "{'a': 1}", '"\\']) {
    expect([json, readJson(json)]).toMatchObject([json, { ok: false, isJson: false }]);
  }
});

const HUGE = 14_000_000;

test.each([
  ["a nesting of seven million", "[".repeat(HUGE / 2) + "]".repeat(HUGE / 2), /nests deeper than 32 levels/, 100],
  ["objects in objects", '{"a":'.repeat(HUGE / 5), /nests deeper than 32 levels/, 200],
  ["fourteen megabytes of unknown keys", manyKeys(HUGE), /more than 40000 keys/, 700_000],
  ["fourteen megabytes of ones", `[${"1,".repeat(HUGE / 2)}1]`, /more than 40000 keys/, 200_000],
  ["empty objects", `[${"{},".repeat(HUGE / 3)}{}]`, /more than 40000 keys/, 200_000],
])("%s is refused after a few steps, and never parsed", (_, json, reason, mostSteps) => {
  const read = readJson(json);
  expect(read).toMatchObject({ ok: false, isJson: true, reason: expect.stringMatching(reason) });
  const { depth, entries, steps } = measureJson(json);
  expect(depth).toBeLessThanOrEqual(MAX_JSON_DEPTH + 1);
  expect(entries).toBeLessThanOrEqual(MAX_JSON_ENTRIES + 1);
  expect(steps).toBeLessThan(mostSteps);
});

function manyKeys(chars: number): string {
  const keys = Array.from({ length: chars / 14 }, (_, index) => `"key${String(index).padStart(7, "0")}":1`);
  return `{${keys.join(",")}}`;
}

test.each([
  ["one of a picture", "A".repeat(HUGE)],
  ["one of quotation marks", '\\"'.repeat(HUGE / 2)],
  ["one of backslashes", "\\\\".repeat(HUGE / 2)],
])("a long string, %s, is read once and is one entry", (_, inner) => {
  const json = `{"input":{"audio":"${inner}"}}`;
  const { depth, entries, steps } = measureJson(json);
  expect({ depth, entries, isOnePass: steps <= json.length }).toEqual({ depth: 2, entries: 2, isOnePass: true });
});

test("the completion of the largest upload fits", () => {
  const parts = Array.from({ length: 10_000 }, (_, index) => ({ number: index + 1, etag: "a".repeat(32) }));
  const json = JSON.stringify({ parts });
  expect(measureJson(json).entries).toBeLessThan(MAX_JSON_ENTRIES);
  expect(readJson(json).ok).toBe(true);
});
