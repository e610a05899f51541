// What "characters" means in every limit and message: Unicode code points, as JSON Schema's `maxLength` counts them.

export function countChars(text: string): number {
  let count = 0;
  for (let at = 0; at < text.length; at += unitsAt(text, at)) count += 1;
  return count;
}

/** Return the first characters of a text. A surrogate pair is never cut in two: half of one is stored as something else. */
export function clip(text: string, maxChars: number): string {
  if (text.length <= maxChars) return text;
  let end = 0;
  for (let left = maxChars; left > 0 && end < text.length; left -= 1) end += unitsAt(text, end);
  return text.slice(0, end);
}

const encoder = new TextEncoder();

/** Return as many characters from the beginning of a text as fit into this many bytes of UTF-8. */
export function clipBytes(text: string, maxBytes: number): string {
  const { read } = encoder.encodeInto(text, new Uint8Array(maxBytes));
  return text.slice(0, read);
}

/** Return as many characters from the end of a text as fit into this many bytes of UTF-8. */
export function clipBytesFront(text: string, maxBytes: number): string {
  let [start, bytes] = [text.length, 0];
  while (start > 0) {
    const previous = start - (start > 1 && (text.codePointAt(start - 2) ?? 0) > 0xffff ? 2 : 1);
    bytes += bytesOf(text.codePointAt(previous) ?? 0);
    if (bytes > maxBytes) break;
    start = previous;
  }
  return text.slice(start);
}

function bytesOf(codePoint: number): number {
  if (codePoint < 0x80) return 1;
  if (codePoint < 0x800) return 2;
  return codePoint > 0xffff ? 4 : 3;
}

/** Return why a string is not text; null if it is. D1, R2 and the models would each store or read something else in its place. */
export function refuseString(text: string): string | null {
  const nul = text.indexOf("\0");
  if (nul !== -1) return `holds a NUL (U+0000) at character ${countChars(text.slice(0, nul)) + 1}; leave it out`;
  if (text.isWellFormed()) return null;
  const at = loneSurrogate(text);
  const code = text.charCodeAt(at).toString(16).toUpperCase();
  const place = countChars(text.slice(0, at)) + 1;
  return `holds half of a surrogate pair (U+${code}) at character ${place}, which is not text; send the whole character or leave it out`;
}

/** Find the first lone surrogate of a text that is not well-formed. */
function loneSurrogate(text: string): number {
  let at = 0;
  while (at < text.length && !isSurrogate(text.codePointAt(at) ?? 0)) at += unitsAt(text, at);
  return at;
}

function isSurrogate(codePoint: number): boolean {
  return codePoint >= 0xd800 && codePoint <= 0xdfff;
}

function unitsAt(text: string, at: number): number {
  return (text.codePointAt(at) ?? 0) > 0xffff ? 2 : 1;
}
