/** The place of a number in a format, which a fault overwrites. */
export interface Field {
  readonly name: string;
  /** The distance from the beginning of the piece, in bits. */
  readonly bitAt: number;
  readonly bits: number;
  readonly isLittleEndian: boolean;
}

/** Bytes, with names for the numbers in them. */
export interface Piece {
  readonly bytes: Uint8Array;
  readonly fields: readonly Field[];
}

/** Return bytes: text becomes its Latin-1 bytes, and a number becomes one byte. */
export type Part = Piece | Uint8Array | string | readonly number[];

export function piece(...parts: readonly Part[]): Piece {
  const pieces = parts.map(toPiece);
  const bytes = new Uint8Array(pieces.reduce((sum, part) => sum + part.bytes.length, 0));
  const fields: Field[] = [];
  let at = 0;
  for (const part of pieces) {
    bytes.set(part.bytes, at);
    for (const field of part.fields) fields.push({ ...field, bitAt: field.bitAt + 8 * at });
    at += part.bytes.length;
  }
  return { bytes, fields };
}

function toPiece(part: Part): Piece {
  if (typeof part === "string") return { bytes: Buffer.from(part, "latin1"), fields: [] };
  if (part instanceof Uint8Array) return { bytes: part, fields: [] };
  return "fields" in part ? part : { bytes: Uint8Array.from(part), fields: [] };
}

/** Write a big-endian number of this many bytes. */
export function be(name: string, width: number, value: number | bigint): Piece {
  return numbers([name, width * 8, value]);
}

export function le(name: string, width: number, value: number | bigint): Piece {
  const field = { name, bitAt: 0, bits: width * 8, isLittleEndian: true };
  const bytes = new Uint8Array(width);
  writeField(bytes, field, BigInt(value));
  return { bytes, fields: [field] };
}

/** Write numbers of any width next to each other, the highest bit first. Together they are whole bytes. An empty name is not a field. */
export function numbers(...entries: readonly (readonly [name: string, bits: number, value: number | bigint])[]): Piece {
  const bytes = new Uint8Array(entries.reduce((sum, [, bits]) => sum + bits, 0) / 8);
  const fields: Field[] = [];
  let bitAt = 0;
  for (const [name, bits, value] of entries) {
    const field = { name, bitAt, bits, isLittleEndian: false };
    writeField(bytes, field, BigInt(value));
    if (name !== "") fields.push(field);
    bitAt += bits;
  }
  return { bytes, fields };
}

/** Return the same piece with a prefix before its names, or without names. */
export function named(prefix: string | null, part: Part): Piece {
  const { bytes, fields } = toPiece(part);
  return {
    bytes,
    fields: prefix === null ? [] : fields.map((field) => ({ ...field, name: `${prefix}.${field.name}` })),
  };
}

export function writeField(bytes: Uint8Array, { bitAt, bits, isLittleEndian }: Field, value: bigint): void {
  let rest = BigInt.asUintN(bits, value);
  if (bitAt % 8 === 0 && bits % 8 === 0) {
    for (let index = 0; index < bits / 8; index++, rest >>= 8n) {
      bytes[bitAt / 8 + (isLittleEndian ? index : bits / 8 - 1 - index)] = Number(rest & 255n);
    }
    return;
  }
  for (let bit = bitAt + bits - 1; bit >= bitAt; bit--, rest >>= 1n) {
    const mask = 0x80 >> (bit & 7);
    const at = bit >> 3;
    bytes[at] = (bytes[at]! & ~mask) | (rest & 1n ? mask : 0);
  }
}

/** Repeat bytes this many times. */
export function repeated(part: Part, count: number): Uint8Array {
  const { bytes: unit } = toPiece(part);
  const bytes = new Uint8Array(unit.length * count);
  for (let index = 0; index < count; index++) bytes.set(unit, index * unit.length);
  return bytes;
}
