import { memorySource, type ByteSource } from "../../shared/audio/reading/byte-source.ts";
import { writeField, type Field, type Piece } from "./pieces.ts";

/** A file that no encoder writes. Its source is made on request, because the largest ones are too large to store. */
export interface StructuralCase {
  readonly name: string;
  readonly source: () => ByteSource;
}

/** A small valid file with named numbers. */
export interface Skeleton {
  readonly name: string;
  readonly piece: Piece;
  /** Correct the parts that depend on the other bytes. Otherwise a parser that checks sums would stop there. */
  readonly mend?: (bytes: Uint8Array) => void;
}

/** The cases of one container. */
export interface Generator {
  readonly container: string;
  readonly skeletons: readonly Skeleton[];
  /** Faults other than wrong numbers: repetition, nesting, joined files. Quantities have about this many bytes. */
  readonly special: (quantityBytes: number) => readonly StructuralCase[];
  /** Other forms of a format's elements, if they have forms besides their numbers. */
  readonly forms?: () => readonly StructuralCase[];
}

/** The name of a skeleton's own valid case. */
export const AS_IT_SHOULD_BE = "as it should be";

export interface Fault {
  readonly field: Field;
  readonly value: bigint;
}

/** Large sources are made on request. */
export function caseOf(name: string, bytes: Uint8Array | (() => Uint8Array)): StructuralCase {
  return { name, source: () => memorySource(typeof bytes === "function" ? bytes() : bytes) };
}

/** Return the extremes of a number's width, and values that point at itself, past the end, and backwards. */
export function extremesOf({ bits, bitAt }: Field, fileBytes: number): readonly bigint[] {
  const all = (1n << BigInt(bits)) - 1n;
  const own = BigInt(bitAt >> 3);
  // Short numbers are set to only a few values, so that a file with many of them does not make a thousand cases.
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

/** Yield every skeleton with each number set to each of its extremes, one at a time. */
export function systematic({ skeletons }: Generator): readonly StructuralCase[] {
  return skeletons.flatMap((skeleton) => [
    caseOf(`${skeleton.name}: ${AS_IT_SHOULD_BE}`, skeleton.piece.bytes),
    ...skeleton.piece.fields.flatMap((field) =>
      extremesOf(field, skeleton.piece.bytes.length).map((value) =>
        caseOf(`${skeleton.name}: ${field.name} is ${value}`, () => spoil(skeleton, [{ field, value }])),
      ),
    ),
  ]);
}
