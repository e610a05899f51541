import { asciiAt, byteAt, viewOf } from "./bytes.ts";
import { readWithin, type ByteSource } from "./byte-source.ts";
import { HEAD_BYTES } from "../chunks/limits.ts";
import type { Window } from "./window.ts";

const MAX_TAGS = 16;
const APE_BYTES = 32;
const ID3V1_BYTES = 128;
const LYRICS_END_BYTES = 15;

/** Find where a file begins, after the tags in front of it. */
export async function behindTags(window: Window): Promise<number> {
  let at = 0;
  for (let tags = 0; tags < MAX_TAGS; tags++) {
    const head = (await window.at(at, APE_BYTES)).subarray(0, APE_BYTES);
    const tagBytes = asciiAt(head, 0, 8) === "APETAGEX" ? APE_BYTES + apeBytes(head) : id3Bytes(head);
    if (tagBytes === 0 || at + tagBytes >= window.sizeBytes) break;
    at += tagBytes;
  }
  return at;
}

/** Find where a file's sound ends, before the tags at its end (ID3v1, APE, Lyrics3). */
export async function beforeTags(source: ByteSource): Promise<number> {
  const base = Math.max(0, source.sizeBytes - HEAD_BYTES);
  const tail = await readWithin(source, base, HEAD_BYTES);
  let end = source.sizeBytes;
  for (let tags = 0; tags < MAX_TAGS; tags++) {
    const tagBytes = endTagBytes(tail.subarray(0, Math.max(0, end - base)));
    if (tagBytes === 0 || tagBytes > end) break;
    end -= tagBytes;
  }
  return end;
}

function endTagBytes(bytes: Uint8Array): number {
  const end = bytes.length;
  if (end >= ID3V1_BYTES && asciiAt(bytes, end - ID3V1_BYTES, 3) === "TAG") return ID3V1_BYTES;
  if (end >= APE_BYTES && asciiAt(bytes, end - APE_BYTES, 8) === "APETAGEX") {
    const footer = bytes.subarray(end - APE_BYTES);
    return apeBytes(footer) + (byteAt(footer, 23) & 0x80 ? APE_BYTES : 0);
  }
  if (end >= LYRICS_END_BYTES && asciiAt(bytes, end - 9, 9) === "LYRICS200") {
    const lyricsBytes = Number(asciiAt(bytes, end - LYRICS_END_BYTES, 6));
    return Number.isInteger(lyricsBytes) && lyricsBytes >= 0 ? lyricsBytes + LYRICS_END_BYTES : 0;
  }
  return 0;
}

/** Return the size of an APE tag's items and footer, which is in both its header and its footer. */
function apeBytes(bytes: Uint8Array): number {
  return viewOf(bytes).getUint32(12, true);
}

/** Return the size of an ID3v2 tag at the start, which can be megabytes with pictures; 0 without a tag. */
function id3Bytes(head: Uint8Array): number {
  if (head.length < 10 || head[0] !== 0x49 || head[1] !== 0x44 || head[2] !== 0x33) return 0;
  const size = [6, 7, 8, 9].reduce((sum, at) => (sum << 7) | (byteAt(head, at) & 0x7f), 0);
  return 10 + size + (byteAt(head, 5) & 0x10 ? 10 : 0);
}
