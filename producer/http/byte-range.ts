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
