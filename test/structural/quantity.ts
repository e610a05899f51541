import type { ByteSource } from "../../shared/audio/reading/byte-source.ts";
import type { StructuralCase } from "./shape.ts";

export interface Quantity {
  readonly head?: Uint8Array;
  readonly unit: Uint8Array;
  readonly count: number;
  readonly tail?: Uint8Array;
  /** Write the parts that differ between units into a copy of the unit. */
  readonly stamp?: (unit: Uint8Array, index: number) => void;
}

const TILE_BYTES = 64 * 1024;

/** Make a source of a repeated small unit between a head and a tail. Its bytes are made when they are read. */
export function quantity(name: string, { head, unit, count, tail, stamp }: Quantity): StructuralCase {
  const front = head ?? new Uint8Array();
  const back = tail ?? new Uint8Array();
  const bodyEnd = front.length + unit.length * count;
  return {
    name,
    source(): ByteSource {
      const tile = stamp === undefined ? tiled(unit) : null;
      return {
        sizeBytes: bodyEnd + back.length,
        // eslint-disable-next-line typescript/require-await
        async read(offset, lengthBytes) {
          const bytes = new Uint8Array(lengthBytes);
          copyAt(bytes, offset, front, 0);
          copyAt(bytes, offset, back, bodyEnd);
          const end = Math.min(offset + lengthBytes, bodyEnd);
          for (let at = Math.max(offset, front.length); at < end;) {
            const index = Math.floor((at - front.length) / unit.length);
            const start = front.length + index * unit.length;
            const piece = tile ?? unit.slice();
            if (tile === null) stamp?.(piece, index);
            const taken = piece.subarray(at - start, at - start + end - at);
            bytes.set(taken, at - offset);
            at += taken.length;
          }
          return bytes;
        },
      };
    },
  };
}

/** Return how many units fit in this many bytes. */
export function filling(name: string, sizeBytes: number, shape: Omit<Quantity, "count">): StructuralCase {
  const fixedBytes = (shape.head?.length ?? 0) + (shape.tail?.length ?? 0);
  return quantity(name, { ...shape, count: Math.max(1, Math.floor((sizeBytes - fixedBytes) / shape.unit.length)) });
}

function tiled(unit: Uint8Array): Uint8Array {
  const tile = new Uint8Array(Math.max(1, Math.floor(TILE_BYTES / unit.length)) * unit.length);
  for (let at = 0; at < tile.length; at += unit.length) tile.set(unit, at);
  return tile;
}

function copyAt(target: Uint8Array, targetAt: number, piece: Uint8Array, pieceAt: number): void {
  const from = Math.max(targetAt, pieceAt);
  const to = Math.min(targetAt + target.length, pieceAt + piece.length);
  if (from < to) target.set(piece.subarray(from - pieceAt, to - pieceAt), from - targetAt);
}
