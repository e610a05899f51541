import type { Context } from "hono";

import { decodeText } from "../../shared/input/decode-text.ts";

/** A place in a list that is ordered by time and id, newest first. */
export interface Position {
  readonly at: number;
  readonly id: string;
}

/** A position as clients see it: opaque, and safe in a URL. */
export function encodeCursor({ at, id }: Position): string {
  return new TextEncoder().encode(`${at}:${id}`).toBase64({ alphabet: "base64url", omitPadding: true });
}

/** @returns null for text that `encodeCursor` did not make. */
export function decodeCursor(cursor: string): Position | null {
  try {
    const read = decodeText(Uint8Array.fromBase64(cursor, { alphabet: "base64url" }));
    const [, at, id] = /^(\d{1,15}):([\w.:-]+)$/.exec(read.ok ? read.text : "") ?? [];
    return at !== undefined && id !== undefined ? { at: Number(at), id } : null;
  } catch {
    return null;
  }
}

/** Cut rows to a page. The caller reads `limit + 1` rows: the extra row shows that there is a next page. */
export function paginate<Row>(
  rows: readonly Row[],
  limit: number,
  positionOf: (row: Row) => Position,
): { readonly page: readonly Row[]; readonly nextCursor: string | null } {
  const page = rows.slice(0, limit);
  const last = page.at(-1);
  return { page, nextCursor: rows.length > limit && last !== undefined ? encodeCursor(positionOf(last)) : null };
}

/** The headers of a page: `Link` names the next page (RFC 8288) with the other parameters unchanged. */
export function pageLinks(c: Context, nextCursor: string | null): Record<string, string> {
  if (nextCursor === null) return {};
  const next = new URL(c.req.url);
  next.searchParams.set("cursor", nextCursor);
  return { link: `<${next.href}>; rel="next"` };
}
