import { sha256Hex } from "../../shared/hash.ts";

const opaque = (tag: string) => tag.replace(/^W\//, "");

/** Whether a conditional GET's `If-None-Match` (RFC 9110) names this tag, compared weakly. */
export function matchesEtag(header: string | undefined, etag: string): boolean {
  if (header === undefined) return false;
  if (header.trim() === "*") return true;
  return (header.match(/(?:W\/)?"[^"]*"/g) ?? []).some((tag) => opaque(tag) === opaque(etag));
}

/** The strong tags of an `If-Match` (RFC 9110), without quotes; null for `*`, which matches any version. Weak tags match nothing. */
export function strongTags(header: string): readonly string[] | null {
  if (header.trim() === "*") return null;
  return [...header.matchAll(/(W\/)?"([^"]*)"/g)].flatMap(([, weak, tag]) =>
    weak === undefined && tag !== undefined ? [tag] : [],
  );
}

/** A weak tag for a value, from its JSON. */
export async function weakEtag(value: unknown): Promise<string> {
  return `W/"${await sha256Hex(JSON.stringify(value), { bytes: 12 })}"`;
}
