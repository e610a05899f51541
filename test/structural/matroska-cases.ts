import { header, type Tree, unknown } from "./matroska-elements.ts";
import { piece, repeated } from "./pieces.ts";
import { caseOf, type StructuralCase } from "./shape.ts";

/** RFC 8794 allows at most eight bytes for a number. A size byte is at most 126, and 127 means "unknown". */
const SIZES = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 126, 127, 4_000];
const MOST_BYTES = 1_000_000;
const FILLS = [0x00, 0xff] as const;

/**
 * Yield every named element of a file in unusual forms: numbers and texts of every size, with an unknown or a
 * claimed size, and each element repeated, nested in itself, and left out.
 */
export function cases(file: readonly Tree[]): readonly StructuralCase[] {
  return named(file).flatMap((one) => {
    const forms: readonly (readonly [string, () => Uint8Array])[] = [
      ["is left out", () => new Uint8Array()],
      ["is of unknown size", () => piece(unknown(one.id), bodyOf(one)).bytes],
      ["is there again and again", () => again(whole(one))],
      ["lies in itself", () => nested(one, 40)],
      ...(one.type === "tree"
        ? []
        : SIZES.flatMap((size) =>
            FILLS.map(
              (fill) =>
                [
                  `has ${size} bytes of ${fill}`,
                  () => whole({ ...one, body: new Uint8Array(size).fill(fill) }),
                ] as const,
            ),
          )),
    ];
    return forms.map(([name, make]) =>
      caseOf(`${one.name} ${name}`, () => piece(...file.map((root) => replaced(root, one, make()))).bytes),
    );
  });
}

function named(trees: readonly Tree[]): readonly Tree[] {
  return trees.flatMap((one) => [
    ...(one.name === "" ? [] : [one]),
    ...(one.type === "tree" ? named(one.children) : []),
  ]);
}

function bodyOf(one: Tree): Uint8Array {
  return one.type === "tree" ? piece(...one.children.map(header)).bytes : one.body;
}

function whole(one: Tree): Uint8Array {
  return header(one).bytes;
}

/** Repeat a thousand times, if that is no more than a megabyte. */
function again(bytes: Uint8Array): Uint8Array {
  return repeated(bytes, Math.max(2, Math.min(1_000, Math.floor(MOST_BYTES / bytes.length))));
}

function nested(one: Tree, depth: number): Uint8Array {
  let bytes = bodyOf(one);
  for (let level = 0; level < depth; level++)
    bytes = header({ type: "binary", id: one.id, name: "", body: bytes }).bytes;
  return bytes;
}

/** Return the file with other bytes instead of an element, and with the sizes around it corrected. */
function replaced(root: Tree, target: Tree, bytes: Uint8Array): Uint8Array {
  if (root === target) return bytes;
  if (root.type !== "tree" || !holds(root, target)) return header(root).bytes;
  const body = piece(...root.children.map((child) => replaced(child, target, bytes))).bytes;
  return header({ type: "binary", id: root.id, name: root.name, body }).bytes;
}

function holds(root: Tree, target: Tree): boolean {
  return root === target || (root.type === "tree" && root.children.some((child) => holds(child, target)));
}
