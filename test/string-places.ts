// Finds every place of a JSON Schema in which a string is allowed, with a body that has a string there.
import type { Schema } from "./document.ts";

export interface Place {
  readonly path: string;
  /** Return a body with this string in that place. Its other fields need not be valid, because each field is checked separately. */
  readonly fill: (text: string) => unknown;
  /** Whether any text is allowed there, without a list, format or pattern. */
  readonly isFree: boolean;
  /** The limit in the schema, in characters. */
  readonly maxLength: number | undefined;
}

export type Schemas = Readonly<Record<string, Schema>>;

export function placesIn(schema: Schema, schemas: Schemas, path = "", depth = 6): readonly Place[] {
  if (depth === 0 || "const" in schema || "enum" in schema) return [];
  const within = (inner: unknown, name: string) =>
    placesIn((inner || {}) as Schema, schemas, path === "" ? name : `${path}.${name}`, depth - 1);
  const reference = schema["$ref"];
  if (typeof reference === "string") return placesIn(schemas[reference.split("/").at(-1)!]!, schemas, path, depth);
  const choices = schema["oneOf"] ?? schema["anyOf"];
  if (Array.isArray(choices)) return choices.flatMap((one: Schema) => placesIn(one, schemas, path, depth));
  switch (schema["type"]) {
    case "string": {
      const isFree = schema["format"] === undefined && schema["pattern"] === undefined;
      return [{ path, fill: (text) => text, isFree, maxLength: schema["maxLength"] as number | undefined }];
    }
    case "array":
      return within(schema["items"], "0").map((place) => ({ ...place, fill: (text) => [place.fill(text)] }));
    case "object": {
      const properties = Object.entries((schema["properties"] ?? {}) as Record<string, Schema>);
      const base = Object.fromEntries(properties.map(([name, one]) => [name, sampleOf(one)]));
      const named = properties.flatMap(([name, one]) =>
        within(one, name).map((place) => ({
          ...place,
          fill: (text: string) => ({ ...base, [name]: place.fill(text) }),
        })),
      );
      const more = schema["additionalProperties"];
      if (typeof more !== "object") return named;
      const values = within(more, "key").map((place) => ({
        ...place,
        fill: (text: string) => ({ ...base, key: place.fill(text) }),
      }));
      const key: Place = { path, fill: (text) => ({ ...base, [text]: "value" }), isFree: true, maxLength: undefined };
      return [...named, ...values, key];
    }
    case undefined:
      // Anything is allowed, at the top level and deep inside.
      return [
        { path, fill: (text) => text, isFree: true, maxLength: undefined },
        { path, fill: (text) => ({ inner: [1, { most: text }] }), isFree: true, maxLength: undefined },
      ];
    default:
      return [];
  }
}

/** Return a value that is enough to choose among shapes, or undefined, which zod treats as a missing field. */
function sampleOf(schema: Schema): unknown {
  return schema["const"];
}
