import { be, piece, type Part, type Piece } from "./pieces.ts";

/** An element of EBML before it is written. Without a name, no case changes it. */
export type Tree = { readonly id: number; readonly name: string } & (
  | { readonly type: "tree"; readonly children: readonly Tree[] }
  | { readonly type: "uint" | "float" | "text" | "binary"; readonly body: Uint8Array }
);

export function tree(id: number, name: string, children: readonly Tree[]): Tree & { readonly type: "tree" } {
  return { type: "tree", id, name, children };
}

export function uint(id: number, name: string, value: number, width = 4): Tree {
  return { type: "uint", id, name, body: be("", width, value).bytes };
}

export function float(id: number, name: string, value: number): Tree {
  const body = new Uint8Array(8);
  new DataView(body.buffer).setFloat64(0, value);
  return { type: "float", id, name, body };
}

export function text(id: number, name: string, value: string): Tree {
  return { type: "text", id, name, body: piece(value).bytes };
}

export function element(id: number, body: Part, name: string): Tree {
  return { type: "binary", id, name, body: piece(body).bytes };
}

export function idBytes(id: number): Uint8Array {
  return be("", id > 0xffffff ? 4 : id > 0xffff ? 3 : id > 0xff ? 2 : 1, id).bytes;
}

/** Write an element with its size in eight bytes, seven of which are the number, or in one byte if it is small and has no name. */
export function header(one: Tree): Piece {
  const body = one.type === "tree" ? piece(...one.children.map(header)) : piece(one.body);
  const { length } = body.bytes;
  const isShort = one.name === "" && length < 127;
  const size = isShort ? [0x80 | length] : piece([1], be(`${one.name} size`, 7, length));
  const number =
    one.type === "uint" || one.type === "float"
      ? { name: one.name, bitAt: 0, bits: 8 * length, isLittleEndian: false }
      : null;
  const isNumber = number !== null && one.name !== "" && length > 0;
  const made = isNumber ? { bytes: body.bytes, fields: [number] } : body;
  return piece(idBytes(one.id), one.name === "" ? { bytes: piece(size).bytes, fields: [] } : size, made);
}

/** Return an element's header with an unknown size, which is all ones. */
export function unknown(id: number): Uint8Array {
  return piece(idBytes(id), [0xff]).bytes;
}
