import { expect, test } from "vitest";

import { shapeOf } from "../shared/models/answer-shape.ts";

test.each([
  [{ response: "secret", usage: { total_tokens: 3 } }, "{response,usage:{total_tokens}}"],
  [{ choices: [{ message: { content: "secret" } }, { index: 1 }] }, "{choices:[{message:{content}}]}"],
  [[{ label: "secret", score: 1 }], "[{label,score}]"],
  [{ shape: [1, 2], data: [[0.1]], pooling: null }, "{shape:[],data:[[]],pooling}"],
  [{ a: { b: { c: { d: { e: 1 } } } } }, "{a:{b:{c:{d:{}}}}}"],
  ["secret", "string"],
])("an answer's shape has its fields and nothing of what it says: %j", (answer, shape) => {
  expect(shapeOf(answer)).toBe(shape);
});

test("a shape is cut, as it is stored with each call", () => {
  const wide = Object.fromEntries(Array.from({ length: 100 }, (_, index) => [`field${index}`, index]));
  expect(shapeOf(wide)).toHaveLength(160);
});
