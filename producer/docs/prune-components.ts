import type { Document } from "./schema.ts";

const REFERENCE = /"\$ref":"#\/components\/schemas\/([^"]+)"/g;

/** Leave out the schemas that nothing refers to, and details that are of no use to a client. */
export function pruned(document: Document): Document {
  const all: Readonly<Record<string, object>> = document.components?.schemas ?? {};
  const used = new Set<string>();
  const left = namesIn(document.paths);
  for (let name = left.pop(); name !== undefined; name = left.pop()) {
    if (used.has(name)) continue;
    used.add(name);
    left.push(...namesIn(all[name]));
  }
  const schemas = Object.fromEntries(Object.entries(all).filter(([name]) => used.has(name)));
  return tidied({ ...document, components: { ...document.components, schemas } }) as Document;
}

function namesIn(value: unknown): string[] {
  return [...(JSON.stringify(value) ?? "").matchAll(REFERENCE)].map(([, name = ""]) => name);
}

/**
 * Leave out a pattern beside a format that says the same, because zod's patterns have hundreds of characters. Leave out the default
 * `{}` of options too: each option has its own default, and a generated client refuses an object without them.
 */
function tidied(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(tidied);
  if (typeof value !== "object" || value === null) return value;
  const isTime = "format" in value && (value.format === "date" || value.format === "date-time");
  const isFilled = "properties" in value && "default" in value && JSON.stringify(value.default) === "{}";
  const left = Object.entries(value).filter(
    ([name]) => !(isTime && name === "pattern") && !(isFilled && name === "default"),
  );
  return Object.fromEntries(left.map(([name, inner]) => [name, tidied(inner)]));
}
