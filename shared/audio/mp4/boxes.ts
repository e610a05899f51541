import { asciiAt, viewOf } from "../reading/bytes.ts";
import { DamagedSource } from "../chunks/chunk.ts";
import { MAX_INDEX_BYTES } from "../chunks/limits.ts";
import type { Window } from "../reading/window.ts";
import { FETCHED_ELEMENT, type Work } from "../reading/work.ts";

export interface Box {
  readonly name: string;
  readonly offset: number;
  readonly bodyOffset: number;
  readonly endOffset: number;
}

/** Yield the boxes between two offsets. Only their headers are read, so the tables of a video track are not loaded. */
export async function* boxesIn(window: Window, start: number, end: number, work: Work): AsyncGenerator<Box> {
  for (let offset = start; offset + 8 <= end;) {
    work.visit(FETCHED_ELEMENT);
    const bytes = await window.at(offset, Math.min(16, end - offset));
    if (bytes.length < 8) return;
    const view = viewOf(bytes);
    let size = view.getUint32(0);
    let headerBytes = 8;
    if (size === 1) {
      if (bytes.length < 16) return;
      size = Number(view.getBigUint64(8));
      headerBytes = 16;
    } else if (size === 0) size = end - offset;
    if (size < headerBytes) return;
    yield { name: asciiAt(bytes, 4, 4), offset, bodyOffset: offset + headerBytes, endOffset: offset + size };
    offset += size;
  }
}

/** Find the first box along a path of names. */
export async function findBox(window: Window, parent: Box, path: readonly string[], work: Work): Promise<Box | null> {
  let current: Box = parent;
  for (const name of path) {
    let found: Box | null = null;
    for await (const child of boxesIn(window, current.bodyOffset, current.endOffset, work)) {
      if (child.name === name) {
        found = child;
        break;
      }
    }
    if (found === null) return null;
    current = found;
  }
  return current;
}

/** The longest body of a descriptive box. */
export const MAX_HEADER_BOX_BYTES = 1024 * 1024;

/** @throws DamagedSource if the body is longer than `maxBytes`. */
export async function boxBody(
  window: Window,
  { name, bodyOffset, endOffset }: Box,
  maxBytes = MAX_INDEX_BYTES,
): Promise<Uint8Array> {
  if (endOffset - bodyOffset > maxBytes)
    throw new DamagedSource(
      `The file is damaged: its box '${name}' at byte ${bodyOffset} has more than ${maxBytes / 2 ** 20} MB.`,
    );
  const bytes = await window.at(bodyOffset, endOffset - bodyOffset);
  return bytes.slice(0, endOffset - bodyOffset);
}
