import { HEAD_BYTES } from "../chunks/limits.ts";
import { asciiAt, indexOfBytes, viewOf } from "../reading/bytes.ts";
import type { Window } from "../reading/window.ts";
import type { Work } from "../reading/work.ts";
import { boxesIn, type Box } from "./boxes.ts";

/** "moof", the name of a fragment's header. */
export const MOOF = [0x6d, 0x6f, 0x6f, 0x66];

/** The boxes between fragments. Anything else is damage. */
const ORDERLY = new Set(
  "moof,mdat,free,skip,wide,sidx,ssix,styp,emsg,prft,mfra,uuid,moov,ftyp,meta,udta,pdin,pssh,imda".split(","),
);

/** The first box in a fragment's header, which contains its number. */
const NUMBER = "mfhd";

export interface FoundFragment {
  readonly box: Box;
  /** Something between this fragment and the one before could not be read. */
  readonly isBehindDamage: boolean;
}

/** Yield the headers of fragments from a place on. After damage it continues with the next fragment. */
export async function* fragmentsFrom(window: Window, start: number, work: Work): AsyncGenerator<FoundFragment> {
  let isBehindDamage = false;
  for (let at = start; at < window.sizeBytes;) {
    let next: number | null = null;
    for await (const box of boxesIn(window, at, window.sizeBytes, work)) {
      if (!ORDERLY.has(box.name)) {
        next = box.offset;
        break;
      }
      at = box.endOffset;
      if (box.name !== "moof") continue;
      yield { box, isBehindDamage };
      isBehindDamage = false;
    }
    // A box whose size is too small ends the list early.
    next ??= at + 8 <= window.sizeBytes ? at : null;
    if (next === null) return;
    isBehindDamage = true;
    const found = await nextFragment(window, next + 1, work);
    if (found === null) return;
    at = found;
  }
}

async function nextFragment(window: Window, start: number, work: Work): Promise<number | null> {
  const margin = 16;
  for (let from = start; from < window.sizeBytes; from += HEAD_BYTES - margin) {
    const bytes = (await window.at(from, HEAD_BYTES)).subarray(0, HEAD_BYTES);
    const find = (after: number) => indexOfBytes(bytes, MOOF, after, work);
    for (let at = find(4); at !== -1; at = find(at + 4)) {
      if (asciiAt(bytes, at + 8, 4) === NUMBER && viewOf(bytes).getUint32(at - 4) >= margin) return from + at - 4;
    }
  }
  return null;
}
