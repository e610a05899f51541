const opaque = (tag: string) => tag.replace(/^W\//, "");

/** Whether a conditional GET's `If-None-Match` (RFC 9110) names this tag, compared weakly. */
export function matchesEtag(header: string | undefined, etag: string): boolean {
  if (header === undefined) return false;
  if (header.trim() === "*") return true;
  return (header.match(/(?:W\/)?"[^"]*"/g) ?? []).some((tag) => opaque(tag) === opaque(etag));
}

/** A weak tag of something that is written as JSON. */
export async function weakEtag(value: unknown): Promise<string> {
  const bytes = new TextEncoder().encode(JSON.stringify(value));
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return `W/"${digest.subarray(0, 12).toHex()}"`;
}
