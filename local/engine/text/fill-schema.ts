// Fills a JSON Schema with the sentences and numbers of a text. It does not understand the text.
import * as z from "zod";

const Schema = z.looseObject({
  $ref: z.string().optional(),
  type: z.union([z.string(), z.array(z.string())]).optional(),
  enum: z.array(z.unknown()).optional(),
  const: z.unknown().optional(),
  format: z.string().optional(),
  maxLength: z.number().optional(),
  minimum: z.number().optional(),
  exclusiveMinimum: z.number().optional(),
  maximum: z.number().optional(),
  minItems: z.number().optional(),
  maxItems: z.number().optional(),
  items: z.unknown().optional(),
  prefixItems: z.array(z.unknown()).optional(),
  properties: z.record(z.string(), z.unknown()).optional(),
  required: z.array(z.string()).optional(),
  anyOf: z.array(z.unknown()).optional(),
  oneOf: z.array(z.unknown()).optional(),
  allOf: z.array(z.unknown()).optional(),
});
type Schema = z.infer<typeof Schema>;

const MAX_DEPTH = 10;
/** How many sentences a list of strings quotes. */
const LISTED = 3;

/** Used if the text has nothing in this form. */
const FORMATS: Readonly<Record<string, { readonly found: RegExp; readonly otherwise: string }>> = {
  date: { found: /\b\d{4}-\d{2}-\d{2}\b/g, otherwise: "1970-01-01" },
  "date-time": { found: /\b\d{4}-\d{2}-\d{2}T[\d:.]+Z\b/g, otherwise: "1970-01-01T00:00:00Z" },
  time: { found: /\b\d{2}:\d{2}:\d{2}Z\b/g, otherwise: "00:00:00Z" },
  email: { found: /[\w.+-]+@[\w-]+\.[\w.-]*\w/g, otherwise: "nobody@example.com" },
  uri: { found: /https?:\/\/[^\s"<>]+/g, otherwise: "https://example.com/" },
  uuid: { found: /\b[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}\b/gi, otherwise: "00000000-0000-4000-8000-000000000000" },
};

/** Return the first value that the schema allows. */
export function fillSchema(
  schema: unknown,
  { text, sentences }: { text: string; sentences: readonly string[] },
): unknown {
  const numbers = (text.match(/-?\d+(?:\.\d+)?/g) ?? []).map(Number);
  let quoted = 0;

  const nextSentence = () => {
    const sentence = sentences[quoted % Math.max(1, sentences.length)] ?? "";
    quoted += 1;
    return sentence;
  };

  function fill(given: unknown, depth: number): unknown {
    const parsed = Schema.safeParse(given);
    if (!parsed.success || depth > MAX_DEPTH) return null;
    const one = merged(parsed.data, schema);
    if (Object.hasOwn(one, "const")) return one.const;
    if (one.enum !== undefined) return one.enum[0];
    const [choice] = one.anyOf ?? one.oneOf ?? [];
    if (choice !== undefined) return fill(choice, depth + 1);
    switch (typeOf(one)) {
      case "object":
        return fillObject(one, depth);
      case "array":
        return fillList(one, depth);
      case "integer":
        return fillNumber(one, Number.isInteger);
      case "number":
        return fillNumber(one, Number.isFinite);
      case "boolean":
        return false;
      case "null":
        return null;
      default:
        return fillText(one);
    }
  }

  function fillObject({ properties = {} }: Schema, depth: number): Record<string, unknown> {
    return Object.fromEntries(Object.entries(properties).map(([name, one]) => [name, fill(one, depth + 1)]));
  }

  function fillList({ items, prefixItems = [], minItems = 0, maxItems = LISTED }: Schema, depth: number): unknown[] {
    const first = prefixItems.map((one) => fill(one, depth + 1));
    const most = Math.max(minItems, Math.min(maxItems, LISTED, Math.max(1, sentences.length)));
    const others = Math.max(0, (items === undefined ? minItems : most) - first.length);
    return [...first, ...Array.from({ length: others }, () => fill(items ?? {}, depth + 1))];
  }

  function fillNumber({ minimum, exclusiveMinimum, maximum }: Schema, isFit: (number: number) => boolean): number {
    const least = minimum ?? (exclusiveMinimum === undefined ? Number.NEGATIVE_INFINITY : exclusiveMinimum + 1);
    const most = maximum ?? Number.POSITIVE_INFINITY;
    const at = numbers.findIndex((number) => isFit(number) && number >= least && number <= most);
    return at === -1 ? Math.min(Math.max(0, least), most) : (numbers.splice(at, 1)[0] ?? 0);
  }

  function fillText({ format = "", maxLength }: Schema): string {
    const form = FORMATS[format];
    const said = form === undefined ? nextSentence() : (text.match(form.found)?.[0] ?? form.otherwise);
    return maxLength === undefined ? said : Array.from(said).slice(0, maxLength).join("");
  }

  return fill(schema, 0);
}

function typeOf({ type, properties, items, prefixItems }: Schema): string {
  const first = [type ?? []].flat().find((one) => one !== "null");
  if (first !== undefined) return first;
  if (type !== undefined) return "null";
  if (properties !== undefined) return "object";
  return items !== undefined || prefixItems !== undefined ? "array" : "string";
}

/** Follow the reference of a schema, and add the schemas that all have to fit. */
function merged(schema: Schema, root: unknown): Schema {
  const referred = schema.$ref === undefined ? {} : schemaAt(root, schema.$ref);
  return [referred, ...(schema.allOf ?? [])].reduce<Schema>((sum, one) => {
    const parsed = Schema.safeParse(one);
    if (!parsed.success) return sum;
    const properties = { ...parsed.data.properties, ...sum.properties };
    return { ...parsed.data, ...sum, ...(Object.keys(properties).length > 0 && { properties }) };
  }, schema);
}

function schemaAt(root: unknown, reference: string): unknown {
  return reference
    .split("/")
    .slice(1)
    .reduce<unknown>((value, name) => {
      const fields = z.record(z.string(), z.unknown()).safeParse(value);
      return fields.success
        ? fields.data[decodeURIComponent(name).replaceAll("~1", "/").replaceAll("~0", "~")]
        : undefined;
    }, root);
}
