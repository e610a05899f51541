// ID3v2.3 and 2.4 (id3.org), ID3v1, APEv2 (Hydrogenaudio wiki).
import { be, le, numbers, piece, type Part, type Piece } from "./pieces.ts";
import { filling } from "./quantity.ts";
import type { StructuralCase } from "./shape.ts";

/** Write a size of four bytes with seven bits each. */
export function id3(body: Part, claimed = piece(body).bytes.length): Piece {
  const sevens = [21, 14, 7, 0].map((shift) => ["", 8, (claimed >> shift) & 127] as const);
  const size = { ...numbers(...sevens), fields: [{ name: "id3 size", bitAt: 0, bits: 32, isLittleEndian: false }] };
  return piece("ID3", be("id3 version", 2, 0x0400), be("id3 flags", 1, 0), size, body);
}

export function id3Frame(body: Part): Piece {
  return piece("TPE1", be("frame size", 4, piece(body).bytes.length), be("frame flags", 2, 0), body);
}

export function id3v1(): Piece {
  return piece("TAG", new Uint8Array(125));
}

export function ape(isHeader: boolean, items: Part, count = 1): Piece {
  const size = piece(items).bytes.length + 32;
  const mark = (isFront: boolean) =>
    piece(
      "APETAGEX",
      le("ape version", 4, 2_000),
      le("ape size", 4, size),
      le("ape items", 4, count),
      le("ape flags", 4, isFront ? 0xa0000000 : 0x80000000),
      new Uint8Array(8),
    );
  return piece(isHeader ? mark(true) : [], items, mark(false));
}

export function apeItem(): Piece {
  return piece(le("item size", 4, 4), le("item flags", 4, 0), "Artist\0", "none");
}

/** Thousands of tags before and after a recording. */
export function manyTags(quantityBytes: number, recording: Uint8Array): readonly StructuralCase[] {
  const units: readonly (readonly [string, Piece])[] = [
    ["empty ID3 tags", id3("")],
    ["ID3 tags of a byte", id3([0])],
    ["APE tags", ape(true, "", 0)],
    ["APE tags without a header", ape(false, "", 0)],
    ["ID3v1 tags", id3v1()],
    ["ID3 and APE tags in turn", piece(id3(""), ape(true, ""))],
  ];
  return units.flatMap(([name, { bytes: unit }]) => [
    filling(`${name} in front`, quantityBytes, { unit, tail: recording }),
    filling(`${name} behind`, quantityBytes, { head: recording, unit }),
  ]);
}
