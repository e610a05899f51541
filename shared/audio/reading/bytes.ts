import type { Work } from "./work.ts";

export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** Read the Latin-1 text of a range. It is shorter if the bytes end. */
export function asciiAt(bytes: Uint8Array, offset: number, length: number): string {
  return String.fromCharCode(...bytes.subarray(offset, offset + length));
}

export function concatBytes(parts: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    all.set(part, offset);
    offset += part.length;
  }
  return all;
}

export function textBytes(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

/** Find where `pattern` begins at or after `from`; -1 if nowhere. Places where only its first byte matches count as work. */
export function indexOfBytes(bytes: Uint8Array, pattern: readonly number[], from: number, work: Work): number {
  const [first = 0] = pattern;
  let tries = 0;
  let at = bytes.indexOf(first, from);
  for (; at !== -1; at = bytes.indexOf(first, at + 1)) {
    tries += 1;
    if (at + pattern.length > bytes.length) at = bytes.length;
    else if (startsWith(bytes, pattern, at)) break;
  }
  work.visit(tries / 4);
  return at;
}

function startsWith(bytes: Uint8Array, pattern: readonly number[], at: number): boolean {
  for (let index = 1; index < pattern.length; index++) if (bytes[at + index] !== pattern[index]) return false;
  return true;
}

/** Return byte `at`, or 0 past the end. */
export function byteAt(bytes: Uint8Array, at: number): number {
  return bytes[at] ?? 0;
}

/** The number of arguments that every runtime can pass to a call. */
const TEXT_BYTES = 8 * 1024;

/** Encode bytes for a chunk's plan, which is JSON. Node 24, on which the cutter is measured, has no `Uint8Array.toBase64`. */
export function toBase64(bytes: Uint8Array): string {
  let text = "";
  for (let at = 0; at < bytes.length; at += TEXT_BYTES) {
    text += String.fromCharCode(...bytes.subarray(at, at + TEXT_BYTES));
  }
  return btoa(text);
}

export function fromBase64(text: string): Uint8Array {
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
}
