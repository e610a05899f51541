// Reads a client's JSON Schema. What the validator would ignore or misread is refused here, with its place.
import type { Schema } from "@cfworker/json-schema";

import { refusePattern } from "./patterns.ts";

/** The schema is a part of the prompt, and a model of this size loses track of a longer one. */
export const MAX_SCHEMA_CHARS = 20_000;
const MAX_SCHEMA_DEPTH = 24;

type Json = Readonly<Record<string, unknown>>;
type Path = readonly (string | number)[];

export type ReadSchema =
  /** The keywords that are validated, and no others. */
  | { readonly ok: true; readonly schema: Schema }
  /** `path` leads to the part of the schema that is wrong. */
  | { readonly ok: false; readonly path: Path; readonly message: string };

const TYPES: ReadonlySet<unknown> = new Set(["string", "number", "integer", "boolean", "object", "array", "null"]);

/** Read a schema of draft 2020-12, or of draft 7 as far as the two agree. Unknown keywords are annotations, and are ignored. */
export function readSchema(schema: Json): ReadSchema {
  try {
    const { length } = JSON.stringify(schema);
    if (length > MAX_SCHEMA_CHARS) {
      throw new Refusal([], `the schema has ${length} characters as JSON; the limit is ${MAX_SCHEMA_CHARS}`);
    }
    const reading: Reading = { places: new Set(), references: [] };
    const copied = copyObject(schema, [], reading);
    for (const { path, reference, place } of reading.references) {
      if (!reading.places.has(place)) throw new Refusal(path, `there is no schema at '${reference}'`);
    }
    return { ok: true, schema: copied };
  } catch (error) {
    if (error instanceof Refusal) return { ok: false, path: error.path, message: error.message };
    throw error;
  }
}

class Refusal extends Error {
  readonly path: Path;
  constructor(path: Path, message: string) {
    super(message);
    this.path = path;
  }
}

/** Where schemas are, and which places are referred to: each as its path in one string. */
interface Reading {
  readonly places: Set<string>;
  readonly references: { readonly path: Path; readonly reference: string; readonly place: string }[];
}

type Copy = (value: unknown, path: Path, reading: Reading) => unknown;

/** What each keyword must be. A keyword that is not here is not copied. */
const KEYWORDS: Readonly<Record<string, Copy>> = {
  type: copyType,
  enum: (value, path) => list(value, path, 1),
  const: (value) => value,
  format: copyText,
  pattern: copyPattern,
  minLength: count,
  maxLength: count,
  minimum: number,
  maximum: number,
  exclusiveMinimum: number,
  exclusiveMaximum: number,
  multipleOf: copyDivisor,
  properties: copyMap,
  required: copyNames,
  additionalProperties: copySchema,
  unevaluatedProperties: copySchema,
  propertyNames: copySchema,
  dependentRequired: (value, path) => eachIn(value, path, copyNames),
  dependentSchemas: copyMap,
  minProperties: count,
  maxProperties: count,
  items: copySchema,
  prefixItems: copySchemas,
  contains: copySchema,
  minContains: count,
  maxContains: count,
  minItems: count,
  maxItems: count,
  unevaluatedItems: copySchema,
  uniqueItems: copyClaim,
  not: copySchema,
  anyOf: copySchemas,
  allOf: copySchemas,
  oneOf: copySchemas,
  if: copySchema,
  then: copySchema,
  else: copySchema,
  $ref: copyReference,
  $defs: copyMap,
  definitions: copyMap,
};

/** Keywords that change what a schema means, and that the validator does not know as the standard has them. */
const REFUSED: Readonly<Record<string, string>> = {
  patternProperties: "use 'properties' or 'additionalProperties'",
  $anchor: "refer to a schema by its place, such as '#/$defs/name'",
  $dynamicRef: "use '$ref' to a place in this schema",
  $dynamicAnchor: "use '$ref' to a place in this schema",
  $recursiveRef: "use '$ref' to a place in this schema",
  $recursiveAnchor: "use '$ref' to a place in this schema",
  additionalItems: "use 'prefixItems' and 'items'",
  dependencies: "use 'dependentRequired' or 'dependentSchemas'",
};

function copySchema(value: unknown, path: Path, reading: Reading): Schema | boolean {
  if (typeof value === "boolean") {
    reading.places.add(placeOf(path));
    return value;
  }
  if (Array.isArray(value) && path.at(-1) === "items") {
    throw new Refusal(path, "a list of schemas is not supported here; use 'prefixItems'");
  }
  return copyObject(object(value, path, "a schema: an object, true or false"), path, reading);
}

function copyObject(schema: Json, path: Path, reading: Reading): Schema {
  if (path.length > MAX_SCHEMA_DEPTH) throw new Refusal(path, `a schema nests at most ${MAX_SCHEMA_DEPTH} levels`);
  reading.places.add(placeOf(path));
  const copied: Schema = {};
  for (const [name, value] of Object.entries(schema)) {
    const instead = Object.hasOwn(REFUSED, name) ? REFUSED[name] : undefined;
    if (instead !== undefined) throw new Refusal([...path, name], `'${name}' is not supported; ${instead}`);
    const isRenamed = name === "$id" && path.length > 0;
    if (isRenamed) throw new Refusal([...path, name], "'$id' is supported only at the top");
    // A schema of zod has both, and they mean the same. Formats are checked with known patterns.
    if (name === "pattern" && schema["format"] !== undefined) continue;
    const copy = Object.hasOwn(KEYWORDS, name) ? KEYWORDS[name] : undefined;
    if (copy !== undefined) copied[name] = copy(value, [...path, name], reading);
  }
  return copied;
}

function copyMap(value: unknown, path: Path, reading: Reading): Record<string, Schema | boolean> {
  return eachIn(value, path, (one, at) => copySchema(one, at, reading));
}

function copySchemas(value: unknown, path: Path, reading: Reading): readonly (Schema | boolean)[] {
  return list(value, path, 1).map((one, index) => copySchema(one, [...path, index], reading));
}

function copyReference(value: unknown, path: Path, reading: Reading): string {
  const reference = copyText(value, path);
  if (!/^#(?:\/|$)/.test(reference)) {
    throw new Refusal(path, `'${reference}' is not a place in this schema, such as '#/$defs/name'`);
  }
  const place = reference
    .split("/")
    .slice(1)
    .map((part) => decoded(part, path).replaceAll("~1", "/").replaceAll("~0", "~"));
  reading.references.push({ path, reference, place: placeOf(place) });
  return reference;
}

function placeOf(path: Path): string {
  return JSON.stringify(path.map(String));
}

function decoded(part: string, path: Path): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw new Refusal(path, `'${part}' is not a part of a reference`);
  }
}

function copyType(value: unknown, path: Path): Schema["type"] {
  const types = Array.isArray(value) ? list(value, path, 1) : [value];
  const unknown = types.find((type) => !TYPES.has(type));
  if (unknown !== undefined) {
    throw new Refusal(path, `${JSON.stringify(unknown)} is not a type; expected ${[...TYPES].join(", ")}`);
  }
  return value as Schema["type"]; // each is one of the types
}

function copyPattern(value: unknown, path: Path): string {
  const pattern = copyText(value, path);
  const refusal = refusePattern(pattern);
  if (refusal !== null) throw new Refusal(path, refusal);
  return pattern;
}

function copyNames(value: unknown, path: Path): readonly string[] {
  return list(value, path, 0).map((name, index) => copyText(name, [...path, index]));
}

function copyText(value: unknown, path: Path): string {
  if (typeof value !== "string") throw new Refusal(path, "expected a string");
  return value;
}

function copyClaim(value: unknown, path: Path): boolean {
  if (typeof value !== "boolean") throw new Refusal(path, "expected true or false");
  return value;
}

function number(value: unknown, path: Path): number {
  if (typeof value !== "number") throw new Refusal(path, "expected a number");
  return value;
}

function copyDivisor(value: unknown, path: Path): number {
  if (number(value, path) <= 0) throw new Refusal(path, "expected a number above 0");
  return number(value, path);
}

function count(value: unknown, path: Path): number {
  if (!Number.isSafeInteger(value) || Number(value) < 0) throw new Refusal(path, "expected a whole number, 0 or more");
  return Number(value);
}

function list(value: unknown, path: Path, least: 0 | 1): readonly unknown[] {
  if (!Array.isArray(value)) throw new Refusal(path, "expected a list");
  if (value.length < least) throw new Refusal(path, "the list is empty");
  return value;
}

function object(value: unknown, path: Path, expected = "an object"): Json {
  const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
  if (!isObject) throw new Refusal(path, `expected ${expected}`);
  return value as Json; // an object, as was just found
}

function eachIn<T>(value: unknown, path: Path, copy: (one: unknown, path: Path) => T): Record<string, T> {
  const copied = Object.entries(object(value, path)).map(([name, one]) => [name, copy(one, [...path, name])] as const);
  return Object.fromEntries(copied);
}
