import { dereference, type OutputUnit, type Schema, validate } from "@cfworker/json-schema";

import { MAX_MATCHED_CHARS } from "./patterns.ts";

/** What is wrong with a value, and where: a JSON pointer, empty for the whole value. */
export interface Fault {
  readonly at: string;
  readonly message: string;
}

/** More say nothing new to a model. */
const MAX_FAULTS = 8;

/** How many references are followed. A schema that refers to itself could otherwise double its work with each level. */
const MAX_REFERENCES = 20_000;

/** These say that something inside is wrong, which then follows. */
const OUTER: ReadonlySet<string> = new Set(["properties", "items", "prefixItems", "$ref", "allOf", "if", "contains"]);

/** Return what is wrong with a value; nothing if it fits the schema. `schema` is as `readSchema` returns it. */
export function findFaults(value: unknown, schema: Schema): readonly Fault[] {
  const strings = isMatching(schema) ? longStrings(value, "") : [];
  if (strings.length > 0) return strings;
  try {
    const { valid, errors } = validate(value, schema, "2020-12", countedLookup(schema), false);
    if (valid) return [];
    const inner = errors.filter(({ keyword }) => !OUTER.has(keyword));
    return (inner.length > 0 ? inner : errors).slice(0, MAX_FAULTS).map(faultOf);
  } catch (error) {
    // A schema that refers to itself without end overflows the stack.
    if (error instanceof TooMuchWork || error instanceof RangeError) {
      return [{ at: "", message: "the schema refers to itself too often for this value" }];
    }
    throw error;
  }
}

class TooMuchWork extends Error {}

/** The schemas by their address, which throw when they are looked up too often. */
function countedLookup(schema: Schema): ReturnType<typeof dereference> {
  let left = MAX_REFERENCES;
  return new Proxy(dereference(schema), {
    get(schemas, address) {
      left -= 1;
      if (left < 0) throw new TooMuchWork();
      return typeof address === "string" ? schemas[address] : undefined;
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
  return `${at === "" ? "the JSON" : `'${at}'`}: ${message}`;
}

function isMatching(schema: unknown): boolean {
  if (typeof schema !== "object" || schema === null) return false;
  return Object.entries(schema).some(
    ([name, value]) => ((name === "pattern" || name === "format") && typeof value === "string") || isMatching(value),
  );
}

function longStrings(value: unknown, at: string): readonly Fault[] {
  if (typeof value === "string" && value.length > MAX_MATCHED_CHARS) {
    const message = `has ${value.length} characters; with a pattern or a format in the schema, the limit is ${MAX_MATCHED_CHARS}`;
    return [{ at, message }];
  }
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([name, one]) => longStrings(one, `${at}/${name}`));
}
