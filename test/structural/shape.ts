import { memorySource, type ByteSource } from "../../shared/audio/reading/byte-source.ts";
import { writeField, type Field, type Piece } from "./pieces.ts";

/** One file that nobody's encoder writes. Its source is made when it is asked for: the largest ones exist on paper only. */
export interface StructuralCase {
  readonly name: string;
  readonly source: () => ByteSource;
}

/** A small valid file whose numbers are known. */
export interface Skeleton {
  readonly name: string;
  readonly piece: Piece;
  /** Sets right what depends on the other bytes: a parser that checks sums would look no further. */
  readonly mend?: (bytes: Uint8Array) => void;
}

/** What one container can be sent as. */
export interface Generator {
  readonly container: string;
  readonly skeletons: readonly Skeleton[];
  /** Faults that are no number set wrong: repetition, nesting, what is joined. Quantities are of about so many bytes. */
  readonly special: (quantityBytes: number) => readonly StructuralCase[];
  /** What a format's elements can be written as, where that is more than their numbers. */
  readonly forms?: () => readonly StructuralCase[];
}

export interface Fault {
  readonly field: Field;
  readonly value: bigint;
}

/** Bytes that are many are made when they are asked for. */
export function caseOf(name: string, bytes: Uint8Array | (() => Uint8Array)): StructuralCase {
  return { name, source: () => memorySource(typeof bytes === "function" ? bytes() : bytes) };
}

/** The extremes of a number's width, and values that point at itself, past the end, and backwards. */
export function extremesOf({ bits, bitAt }: Field, fileBytes: number): readonly bigint[] {
  const all = (1n << BigInt(bits)) - 1n;
  const own = BigInt(bitAt >> 3);
  // Short numbers are set to a few of their values, so that a file of many of them is not a thousand cases.
  const wanted =
    bits <= 8
      ? [0n, 1n, 2n, all >> 1n, all]
      : [0n, 1n, 7n, all, all >> 1n, (all >> 1n) + 1n, 0x7fffffffn, 0xffffffffn, own, BigInt(fileBytes), -own];
  return [...new Set(wanted.map((value) => BigInt.asUintN(bits, value)))];
}

export function spoil(skeleton: Skeleton, faults: readonly Fault[]): Uint8Array {
  const bytes = skeleton.piece.bytes.slice();
  for (const { field, value } of faults) writeField(bytes, field, value);
  skeleton.mend?.(bytes);
  return bytes;
}

/** Every number of every skeleton set to each of its extremes, one at a time. */
export function systematic({ skeletons }: Generator): readonly StructuralCase[] {
  return skeletons.flatMap((skeleton) => [
    caseOf(`${skeleton.name}: as it should be`, skeleton.piece.bytes),
    ...skeleton.piece.fields.flatMap((field) =>
      extremesOf(field, skeleton.piece.bytes.length).map((value) =>
        caseOf(`${skeleton.name}: ${field.name} is ${value}`, () => spoil(skeleton, [{ field, value }])),
      ),
    ),
  ]);
}
