// JSON of text models: damaged answers, schemas that are refused, and what does not fit.
import { isDeepStrictEqual } from "node:util";

import { describe, expect, test } from "vitest";

import { CONTRACTS } from "../local/contracts.ts";
import { createRandom } from "../local/seeded-random.ts";
import { describeFault, findFaults } from "../shared/models/json-output/find-faults.ts";
import { readAnswer } from "../shared/models/json-output/read-answer.ts";
import { readSchema } from "../shared/models/json-output/read-schema.ts";
import { takesJsonSchema } from "../shared/models/json-output/write-json.ts";

type Json = Readonly<Record<string, unknown>>;

/** Return what is wrong with a value, in words. */
function faults(value: unknown, schema: Json): readonly string[] {
  const read = readSchema(schema);
  if (!read.ok) throw new Error(read.message);
  return findFaults(value, read.schema).map(describeFault);
}

const read = (text: string, schema: Json, isCut = false) =>
  readAnswer({ text, isCut }, (value) => faults(value, schema));

const ORDER = {
  type: "object",
  properties: {
    name: { type: "string" },
    count: { type: "integer", minimum: 0 },
    price: { type: "number" },
    isPaid: { type: "boolean" },
    note: { type: ["string", "null"] },
    tags: { type: "array", items: { type: "string" } },
    address: {
      type: "object",
      properties: { street: { type: "string" }, city: { enum: ["Bergen", "Oslo"] } },
      required: ["street", "city"],
      additionalProperties: false,
    },
  },
  required: ["name", "count", "price", "isPaid", "note", "tags", "address"],
  additionalProperties: false,
} as const;

/** Words with everything that confuses a repair: quotation marks, brackets, commas, colons, comments, fences. */
const WORDS = [
  "harbour",
  "it's",
  "a, b",
  "x: y",
  "[sic]",
  "{set}",
  "# one",
  "true",
  "12",
  "née",
  "港",
  "a\nb",
  "ends.",
];

describe("of answers with damaged JSON, each is repaired to the known value or refused", () => {
  const random = createRandom(17, 0);
  const pick = <T>(some: readonly T[]): T => some[Math.floor(random() * some.length)] as T;
  const words = (most: number) => Array.from({ length: 1 + Math.floor(random() * most) }, () => pick(WORDS)).join(" ");

  const order = () => ({
    name: words(3),
    count: Math.floor(random() * 1000),
    price: Math.round(random() * 10_000) / 100,
    isPaid: random() < 0.5,
    note: random() < 0.3 ? null : words(4),
    tags: Array.from({ length: Math.floor(random() * 4) }, () => words(2)),
    address: { street: words(2), city: pick(["Bergen", "Oslo"]) },
  });

  const damages: Readonly<Record<string, (json: string) => string>> = {
    nothing: (json) => json,
    "a fence": (json) => `\`\`\`json\n${json}\n\`\`\``,
    "a fence without its end": (json) => `\`\`\`json\n${json}`,
    "sentences around it": (json) => `Sure [as you asked], here it is: ${json}\nI hope {that} helps!`,
    "a trailing comma": (json) => json.replace(/\n\}$/, ",\n}"),
    "trailing commas in lists": (json) => json.replaceAll(/"\n {2}\]/g, '",\n  ]'),
    "no commas at the ends of lines": (json) => json.replaceAll(/,\n/g, "\n"),
    "keys without quotation marks": (json) => json.replaceAll(/^( +)"(\w+)":/gm, "$1$2:"),
    "keys in single quotation marks": (json) => json.replaceAll(/^( +)"(\w+)":/gm, "$1'$2':"),
    "typographic quotation marks": (json) => json.replaceAll(/^( +)"(\w+)":/gm, "$1“$2”:"),
    "words of Python": (json) =>
      json.replaceAll(": true", ": True").replaceAll(": false", ": False").replaceAll(": null", ": None"),
    "a comment": (json) => json.replace("{\n", "{\n  // what was ordered\n"),
    "a comment in a block": (json) => json.replace("{\n", "{\n  /* what was ordered */\n"),
    "no closing bracket": (json) => json.replace(/\n\}$/, ""),
    "no closing brackets": (json) => json.replace(/\s*\}\s*\}$/, ""),
    "line breaks in strings": (json) => json.replaceAll(String.raw`\n`, "\n"),
    "all in a string": (json) => JSON.stringify(json),
    "a call around it": (json) => `callback(${json});`,
    "dots for more": (json) => json.replace(/\n\}$/, ",\n  ...\n}"),
    "NaN for a number": (json) => json.replace(/"price": [\d.]+/, '"price": NaN'),
  };

  /** What cannot be known: nothing stands for a number that is missing, and a string is not an object. */
  const refused = new Set(["NaN for a number", "all in a string"]);

  test.each(Object.entries(damages))("%s", (name, damage) => {
    const outcomes = Array.from({ length: 15 }, () => {
      const known = order();
      const damaged = damage(JSON.stringify(known, null, 2));
      const result = read(damaged, ORDER);
      if (!result.ok) return "refused";
      return isDeepStrictEqual(result.value, known) ? "known" : damaged;
    });
    expect([...new Set(outcomes)]).toEqual([refused.has(name) ? "refused" : "known"]);
  });

  test("an answer that was cut off anywhere is refused, because the missing part is unknown", () => {
    for (let turn = 0; turn < 60; turn += 1) {
      const json = JSON.stringify(order(), null, 2);
      const cut = json.slice(0, 1 + Math.floor(random() * (json.length - 1)));
      expect(read(cut, {}, true)).toMatchObject({ ok: false });
    }
  });
});

test("an answer without JSON, or that nests without end, is refused", () => {
  expect(read("I cannot do that.", ORDER)).toEqual({ ok: false, faults: ["the answer is not JSON"] });
  expect(read("[".repeat(5000), {})).toMatchObject({ ok: false });
  expect(read(`{"a": ${"[".repeat(5000)}`, {})).toMatchObject({ ok: false });
  expect(read("x".repeat(100_001), {})).toMatchObject({ ok: false });
  expect(read('{"a": 1, "b": [2', ORDER, true)).toEqual({
    ok: false,
    faults: ["the answer reached its limit of tokens before the JSON ended; write less"],
  });
});

test("a value that does not fit is refused with the place and the reason", () => {
  const wrong = { name: 3, count: -1, price: 1, isPaid: true, note: null, tags: ["a", 5], address: { street: "x" } };
  expect(faults(wrong, ORDER)).toEqual([
    `'/name': type "number" is invalid; expected "string"`,
    "'/count': -1 is less than 0",
    `'/tags/1': type "number" is invalid; expected "string"`,
    `'/address': does not have required property "city"`,
  ]);
  expect(faults({ a: 1 }, { type: "object", properties: {}, additionalProperties: false })).toContain(
    "'/a': is not in the schema",
  );
});

describe("a schema is refused with the place", () => {
  const deep = (levels: number): Json => (levels === 0 ? {} : { items: deep(levels - 1) });
  const cases: readonly (readonly [Json, string, string])[] = [
    [{ type: "text" }, "type", `"text" is not a type; expected string, number, integer, boolean, object, array, null`],
    [{ properties: { a: { required: "a" } } }, "properties.a.required", "expected a list"],
    [{ properties: { a: 5 } }, "properties.a", "expected a schema: an object, true or false"],
    [
      { $ref: "https://example.com/a.json" },
      "$ref",
      "'https://example.com/a.json' is not a place in this schema, such as '#/$defs/name'",
    ],
    [{ items: { $ref: "#/$defs/none" } }, "items.$ref", "there is no schema at '#/$defs/none'"],
    [{ $ref: "#/required", required: ["a"] }, "$ref", "there is no schema at '#/required'"],
    [{ $dynamicRef: "#a" }, "$dynamicRef", "'$dynamicRef' is not supported; use '$ref' to a place in this schema"],
    [
      { patternProperties: { a: {} } },
      "patternProperties",
      "'patternProperties' is not supported; use 'properties' or 'additionalProperties'",
    ],
    [{ items: [{}] }, "items", "a list of schemas is not supported here; use 'prefixItems'"],
    [{ anyOf: [] }, "anyOf", "the list is empty"],
    [{ minLength: -1 }, "minLength", "expected a whole number, 0 or more"],
    [{ multipleOf: 0 }, "multipleOf", "expected a number above 0"],
    [{ pattern: "(" }, "pattern", "'(' is not a regular expression"],
    [
      { pattern: "^(a+)+$" },
      "pattern",
      "a pattern must not repeat a group; describe the string in 'description' instead",
    ],
    [
      { pattern: "^(a|a){9}$" },
      "pattern",
      "a pattern must not repeat a group; describe the string in 'description' instead",
    ],
    [{ pattern: String.raw`(a)\1` }, "pattern", "a pattern must not refer back to its groups"],
    [{ pattern: "^(?=a)" }, "pattern", "a pattern must not have lookarounds or named groups"],
    [
      { pattern: "a*a*a*b" },
      "pattern",
      "the pattern repeats too often; use fewer of * + ? and {}, and begin it with ^",
    ],
    [
      { pattern: "a?".repeat(30) },
      "pattern",
      "the pattern repeats too often; use fewer of * + ? and {}, and begin it with ^",
    ],
    [{ description: "x".repeat(20_000) }, "", "the schema has 20018 characters as JSON; the limit is 20000"],
    [deep(30), Array.from({ length: 25 }, () => "items").join("."), "a schema nests at most 24 levels"],
  ];
  for (const [schema, place, message] of cases) {
    test(`${place || "the whole"}: ${JSON.stringify(schema).slice(0, 60)}`, () => {
      const refused = readSchema(schema);
      expect(refused.ok ? refused : { place: refused.path.join("."), message: refused.message }).toEqual({
        place,
        message,
      });
    });
  }
});

test("schemas as zod, pydantic and OpenAI's SDKs write them are taken", () => {
  const node = {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    $defs: { node: { type: "object", properties: { next: { anyOf: [{ $ref: "#/$defs/node" }, { type: "null" }] } } } },
    $ref: "#/$defs/node",
  };
  expect(faults({ next: { next: null } }, node)).toEqual([]);
  expect(faults({ next: { next: 5 } }, node)).not.toEqual([]);
  const email = { type: "string", format: "email", pattern: String.raw`^(?!\.)(a|b)+@c$` };
  expect(faults("a@example.com", email)).toEqual([]);
  expect(faults("no address", email)).not.toEqual([]);
  const code = { type: "string", pattern: String.raw`^[A-Z]{2}-\d{3,4}$`, title: "Code", examples: ["AB-123"] };
  expect(faults("AB-123", code)).toEqual([]);
  expect(faults("ab-123", code)).not.toEqual([]);
  expect(faults("A".repeat(2000), code)).toEqual(["the JSON: String is too long (2000 > 500)"]);
  // A long text stands beside it.
  const dated = { properties: { day: { format: "date" }, text: { type: "string" } } };
  expect(faults({ day: "2026-11-30", text: "x".repeat(5000) }, dated)).toEqual([]);
  expect(faults({ day: "today", text: "x".repeat(5000) }, dated)).toHaveLength(1);
});

const TOO_MUCH = "the JSON: comparing it with the schema takes too much work; make the schema simpler";

test("a schema that refers to itself ends", () => {
  const endless = { $defs: { a: { $ref: "#/$defs/b" }, b: { $ref: "#/$defs/a" } }, $ref: "#/$defs/a" };
  expect(faults(1, endless)).toEqual([TOO_MUCH]);
  const doubling = {
    $defs: { n: { properties: { n: { anyOf: [{ $ref: "#/$defs/n" }, { $ref: "#/$defs/n" }] } } } },
    $ref: "#/$defs/n",
  };
  let value: unknown = 1;
  for (let level = 0; level < 30; level += 1) value = { n: value };
  const startedAt = performance.now();
  expect(faults(value, doubling)).toEqual([TOO_MUCH]);
  expect(performance.now() - startedAt).toBeLessThan(10_000);
});

test("the slowest patterns that are taken end soon", () => {
  const slow = [
    ["^a*a*a*b", "a".repeat(500)],
    ["a*a*b", "a".repeat(500)],
  ] as const;
  for (const [pattern, text] of slow) {
    const startedAt = performance.now();
    expect(faults(text, { pattern })).toHaveLength(1);
    // Half a second on a quiet machine. A pattern that is refused takes minutes.
    expect(performance.now() - startedAt).toBeLessThan(10_000);
  }
});

test("no combination of schema and answer takes work without end", () => {
  const many = (count: number, one: unknown) => Array.from({ length: count }, () => one);
  const items = (schema: Json): Json => ({ type: "array", items: schema });
  expect(faults(many(3000, 1), items({ allOf: many(400, { type: "null" }) }))).toEqual([TOO_MUCH]);
  expect(faults(many(30, "a".repeat(500)), items({ pattern: "^a*a*a*b" }))).toEqual([TOO_MUCH]);
  expect(faults(many(3000, "x"), items({ enum: Array.from({ length: 3000 }, (_, index) => index) }))).toEqual([
    TOO_MUCH,
  ]);
  expect(faults(many(30, many(400, {})), items({ uniqueItems: true }))).toEqual([TOO_MUCH]);
  const numbers = Array.from({ length: 9000 }, (_, index) => index);
  expect(faults(numbers, { uniqueItems: true })).toEqual(["the JSON: Array has too many items (9000 > 500)"]);
  // What people ask for is far from the limit.
  const contact = { properties: { mail: { pattern: String.raw`^[^@]+@[^@]+\.[^@]+$` }, tags: { uniqueItems: true } } };
  expect(faults(many(200, { mail: "a.b@example.com", tags: ["a", "b"] }), items(contact))).toEqual([]);
});

test("a key or a string that is not text is a fault", () => {
  expect(faults(JSON.parse(String.raw`{"a":{"\ud800":1}}`), { properties: {} })[0]).toMatch(
    /^'\/a': a key holds half of a/,
  );
  expect(faults(JSON.parse(String.raw`["\udc00"]`), {})[0]).toMatch(/^'\/0': holds half of a/);
});

test("a fault is short, however long the schema: a model is shown it, and a job has it as its error", () => {
  const [fault = ""] = faults("x", { enum: Array.from({ length: 3000 }, (_, index) => index) });
  expect(fault).toMatch(/^the JSON: does not match any of \[0,1,2/);
  expect(fault.length).toBeLessThanOrEqual(200);
});

test("JSON mode is asked of the models whose contract has it", () => {
  for (const [model, contract] of Object.entries(CONTRACTS)) {
    expect([model, takesJsonSchema(model)]).toEqual([
      model,
      JSON.stringify(contract.request).includes("response_format"),
    ]);
  }
});
