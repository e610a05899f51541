import { type OutputUnit, type Schema, validate } from "@cfworker/json-schema";

import { findNoText } from "../../input/bounded-text.ts";
import { clip } from "../../input/characters.ts";
import { MAX_MATCHED_CHARS, waysToMatch } from "./patterns.ts";

/** What is wrong with a value, and where: a JSON pointer, empty for the whole value. */
export interface Fault {
  readonly at: string;
  readonly message: string;
}

/** More say nothing new to a model. */
const MAX_FAULTS = 8;

/** How long a fault may be. The validator repeats a whole `enum`, and a model is shown the faults. */
const MAX_FAULT_CHARS = 200;

/**
 * How much work the values of one answer may take: each schema that is compared with a part of a value is one unit, some microseconds. Without
 * a limit, a list of a thousand things would take minutes with a schema of a thousand parts, and one that refers to itself for ever.
 */
const MAX_WORK = 150_000;

/** This many ways to match a pattern, or this many comparisons, take about as long as one unit. */
const WAYS_A_UNIT = 1000;
const COMPARISONS_A_UNIT = 20;

/** Short strings are matched much faster than long ones, and most are short. Longer ones than the last do not fit. */
const MATCHED_CHARS = [50, 200, MAX_MATCHED_CHARS] as const;

/** So are short lists, because every item is compared with every other one. */
const UNIQUE_ITEMS = [20, 100, 500] as const;

/** Counts the work of validating. One for each answer of a model: the answer may contain several values. */
export interface Meter {
  spend(units: number): void;
}

export function createMeter(): Meter {
  let left = MAX_WORK;
  return {
    spend(units) {
      left -= units;
      if (left < 0) throw new TooMuchWork();
    },
  };
}

class TooMuchWork extends Error {}

/** These say that something inside is wrong, which then follows. */
const OUTER: ReadonlySet<string> = new Set(["properties", "items", "prefixItems", "$ref", "allOf", "if", "contains"]);

/** Return what is wrong with a value; nothing if it fits the schema. `schema` is as `readSchema` returns it. */
export function findFaults(value: unknown, schema: Schema, meter: Meter = createMeter()): readonly Fault[] {
  // The validator throws for such a key.
  const odd = findNoText(value);
  if (odd !== null) return [{ at: odd.path.map((part) => `/${part}`).join(""), message: odd.message }];
  try {
    const { valid, errors } = validate(value, metered(schema, meter), "2020-12", undefined, false);
    if (valid) return [];
    const inner = errors.filter(({ keyword }) => !OUTER.has(keyword));
    return (inner.length > 0 ? inner : errors).slice(0, MAX_FAULTS).map(faultOf);
  } catch (error) {
    // A schema that refers to itself without end overflows the stack.
    if (error instanceof TooMuchWork || error instanceof RangeError) {
      return [{ at: "", message: "comparing it with the schema takes too much work; make the schema simpler" }];
    }
    throw error;
  }
}

/** Keywords whose value is a schema or a list of schemas, and those whose value is an object of schemas. */
const PARTS: ReadonlySet<string> = new Set(
  `additionalProperties unevaluatedProperties propertyNames items contains unevaluatedItems
   not if then else prefixItems anyOf allOf oneOf`.split(/\s+/),
);
const NAMED_PARTS: ReadonlySet<string> = new Set(["properties", "dependentSchemas", "$defs", "definitions"]);

/** Return the same schema, which counts how often the validator reads each of its parts. */
function metered(schema: Schema, meter: Meter): Schema {
  const { pattern, format, uniqueItems, ...plain } = schema;
  const copied: Schema = {};
  for (const [name, value] of Object.entries<unknown>(plain)) {
    if (PARTS.has(name)) copied[name] = meteredPart(value, meter);
    else if (NAMED_PARTS.has(name) && isSchema(value))
      copied[name] = mapValues(value, (one) => meteredPart(one, meter));
    else copied[name] = value;
  }
  const limited = [
    ...(pattern === undefined && format === undefined ? [] : [matchingShort({ pattern, format }, meter)]),
    ...(uniqueItems === true ? [uniqueInShort(meter)] : []),
  ];
  // They come last, so that references to those of the schema lead to the same places.
  if (limited.length > 0) copied.allOf = [...(copied.allOf ?? []), ...limited];
  return counted(copied, 1 + (copied.enum ?? []).length / COMPARISONS_A_UNIT, meter);
}

function meteredPart(value: unknown, meter: Meter): unknown {
  if (Array.isArray(value)) return value.map((one: unknown) => meteredPart(one, meter));
  return isSchema(value) ? metered(value, meter) : value;
}

function isSchema(value: unknown): value is Schema {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function mapValues(of: object, change: (value: unknown) => unknown): Record<string, unknown> {
  return Object.fromEntries(Object.entries(of).map(([name, value]) => [name, change(value)]));
}

/** Return a schema that compares a string with a pattern or a format. */
function matchingShort(
  { pattern, format }: { readonly pattern: string | undefined; readonly format: string | undefined },
  meter: Meter,
): Schema {
  const matching: Schema = { ...(pattern !== undefined && { pattern }), ...(format !== undefined && { format }) };
  return inSteps("maxLength", MATCHED_CHARS, (chars) =>
    counted({ ...matching }, waysToMatch(pattern ?? "", chars) / WAYS_A_UNIT, meter),
  );
}

/** Return a schema that compares the items of a list. */
function uniqueInShort(meter: Meter): Schema {
  return inSteps("maxItems", UNIQUE_ITEMS, (items) =>
    counted({ uniqueItems: true }, items ** 2 / COMPARISONS_A_UNIT, meter),
  );
}

/** Return a schema that asks for what fits the smallest step, and refuses what exceeds the largest. */
function inSteps(limit: "maxLength" | "maxItems", steps: readonly number[], within: (step: number) => Schema): Schema {
  const beyond: Schema = { [limit]: steps.at(-1) };
  return steps.reduceRight<Schema>((more, step) => ({ if: { [limit]: step }, then: within(step), else: more }), beyond);
}

/** The validator reads this field once each time that it compares a value with a schema. No schema here may have it. */
function counted(schema: Schema, units: number, meter: Meter): Schema {
  return Object.defineProperty(schema, "$recursiveAnchor", {
    get() {
      meter.spend(units);
      return undefined;
    },
  });
}

function faultOf({ instanceLocation, keyword, error }: OutputUnit): Fault {
  const at = decodeURIComponent(instanceLocation.slice(1));
  if (keyword === "false") return { at, message: "is not in the schema" };
  return {
    at,
    message: error
      .replace(/^Instance /, "")
      .replace(/\.$/, "")
      .replace(". Expected", "; expected"),
  };
}

/** A fault for a model and for people. */
export function describeFault({ at, message }: Fault): string {
  return clip(`${at === "" ? "the JSON" : `'${at}'`}: ${message}`, MAX_FAULT_CHARS);
}
