import type { Context } from "hono";

import { problem, type Problem } from "./problem.ts";

/** The form that R2 accepts. A condition of another form may be ignored. */
const ETAGS = /^(\*|(W\/)?"[^"]*"(\s*,\s*(W\/)?"[^"]*")*)$/;

/** An object of the bucket, and how it is sent to a client. */
export interface Sending {
  readonly key: string;
  readonly sizeBytes: number;
  readonly contentType: string;
  /** Whether a browser may show it. Otherwise it is sent as a download without a particular type. */
  readonly isInline: boolean;
  readonly fileName: string;
  /** Send this version of the object only. */
  readonly etag?: string;
  /** The problem to answer if the object is gone or has another version. */
  readonly missing: Problem;
}

/** Stream an object from R2. Supports ETag and one Range. */
export async function sendObject(
  c: Context,
  media: R2Bucket,
  { key, sizeBytes, contentType, isInline, fileName, etag, missing }: Sending,
): Promise<Response> {
  const range = byteRange(c.req.header("range"), sizeBytes);
  if (range === "unsatisfiable") return unsatisfiable(c, sizeBytes);
  const conditions = new Headers();
  const noneMatch = c.req.header("if-none-match");
  if (noneMatch !== undefined && ETAGS.test(noneMatch)) conditions.set("if-none-match", noneMatch);
  const object = await media.get(key, { onlyIf: conditions, ...(range && { range }) });
  if (object === null || (etag !== undefined && object.etag !== etag)) {
    if (object !== null && "body" in object) await object.body.cancel();
    return problem(c, missing);
  }
  const headers = {
    etag: object.httpEtag,
    "accept-ranges": "bytes",
    "cache-control": "private, max-age=0, must-revalidate",
    "content-type": isInline ? contentType : "application/octet-stream",
    "content-disposition": disposition(isInline ? "inline" : "attachment", fileName),
    "content-security-policy": "default-src 'none'; sandbox",
    "x-content-type-options": "nosniff",
  };
  if (!("body" in object)) return c.body(null, 304, headers);
  if (range === null) return c.body(object.body, 200, { ...headers, "content-length": String(sizeBytes) });
  return c.body(object.body, 206, { ...headers, ...rangeHeaders(range, sizeBytes) });
}

/** Send bytes from memory. Supports one Range. `headers` are sent with every answer. */
export function sendBytes(
  c: Context,
  bytes: Uint8Array<ArrayBuffer>,
  headers: Readonly<Record<string, string>>,
): Response {
  const range = byteRange(c.req.header("range"), bytes.length);
  if (range === "unsatisfiable") return unsatisfiable(c, bytes.length);
  const ranged = { ...headers, "accept-ranges": "bytes" };
  if (range === null) return c.body(bytes, 200, { ...ranged, "content-length": String(bytes.length) });
  const part = bytes.subarray(range.offset, range.offset + range.length);
  return c.body(part, 206, { ...ranged, ...rangeHeaders(range, bytes.length) });
}

function rangeHeaders(range: { offset: number; length: number }, sizeBytes: number): Record<string, string> {
  return {
    "content-length": String(range.length),
    "content-range": `bytes ${range.offset}-${range.offset + range.length - 1}/${sizeBytes}`,
  };
}

function unsatisfiable(c: Context, sizeBytes: number): Response {
  const detail = `The object has ${sizeBytes} bytes; ask for a range within it.`;
  return problem(c, { code: "range_not_satisfiable", detail }, { "content-range": `bytes */${sizeBytes}` });
}

/** Content-Disposition (RFC 6266): the name in ASCII, and also the exact name if it differs. */
function disposition(type: "inline" | "attachment", fileName: string): string {
  const ascii = fileName.replaceAll(/[^\x20-\x7e]|["\\%]/g, "_");
  const encoded = encodeURIComponent(fileName.toWellFormed()).replaceAll(
    /['()*]/g,
    (char) => `%${char.charCodeAt(0).toString(16)}`,
  );
  return `${type}; filename="${ascii}"${ascii === fileName ? "" : `; filename*=UTF-8''${encoded}`}`;
}

/**
 * Read the one byte range of a `Range` header (RFC 9110) and cut it to the size.
 * @returns null for a header that may be ignored (several ranges, other units, an invalid range); `unsatisfiable` for a range that
 * lies wholly outside.
 */
export function byteRange(
  header: string | undefined,
  sizeBytes: number,
): { readonly offset: number; readonly length: number } | "unsatisfiable" | null {
  const [, first, last] = /^bytes=(\d*)-(\d*)$/.exec(header ?? "") ?? [];
  if (first === undefined || last === undefined || (first === "" && last === "")) return null;
  if (first === "") {
    const length = Math.min(Number(last), sizeBytes);
    return length === 0 ? "unsatisfiable" : { offset: sizeBytes - length, length };
  }
  const offset = Number(first);
  const end = last === "" ? sizeBytes - 1 : Math.min(Number(last), sizeBytes - 1);
  if (last !== "" && Number(last) < offset) return null;
  return offset >= sizeBytes ? "unsatisfiable" : { offset, length: end - offset + 1 };
}
