import { viewOf } from "../../shared/audio/reading/bytes.ts";
import { piecesOf, type PictureFile, rowsOf } from "./picture-file.ts";
import type { Picture, Reduction, Size } from "./reduce.ts";
import { damagedPicture, unreadVariant } from "./unreadable-picture.ts";

/** The file's header, and after it the picture's, which begins with its size (Microsoft, "Bitmap Header Types"). */
const FILE_HEADER_BYTES = 14;
/** BITMAPCOREHEADER, of OS/2. All later headers begin as BITMAPINFOHEADER does. */
const CORE_BYTES = 12;
const INFO_BYTES = 40;
const LARGEST_HEADER_BYTES = 124;

const COMPRESSIONS: Readonly<Record<number, string>> = {
  1: "is compressed with RLE",
  2: "is compressed with RLE",
  4: "holds JPEG",
  5: "holds PNG",
};
const PLAIN = 0;
const MASKED: ReadonlySet<number> = new Set([3, 6]);

type Bits = 1 | 2 | 4 | 8 | 16 | 24 | 32;
const BITS: readonly number[] = [1, 2, 4, 8, 16, 24, 32] satisfies Bits[];

type ToRgb = (row: Uint8Array, pixels: number, rgb: Uint8Array) => void;

/**
 * Read a BMP picture, a row at a time.
 * @param open checks the size, and takes the pixels.
 * @throws UnreadablePicture
 */
export async function readBmp(file: PictureFile, open: (size: Size) => Reduction): Promise<Picture> {
  const head = await file.readAll(0, Math.min(file.sizeBytes, FILE_HEADER_BYTES + LARGEST_HEADER_BYTES + 16));
  if (head === null || head.length < FILE_HEADER_BYTES + CORE_BYTES) throw damagedPicture("BMP", "it has no header");
  const view = viewOf(head);
  const pixelsAt = view.getUint32(10, true);
  const headerBytes = view.getUint32(14, true);
  const isCore = headerBytes === CORE_BYTES;
  if (!isCore && !(headerBytes >= INFO_BYTES && headerBytes <= LARGEST_HEADER_BYTES))
    throw damagedPicture("BMP", "its header has an unknown size");
  if (head.length < FILE_HEADER_BYTES + headerBytes) throw damagedPicture("BMP", "it ends within its header");

  const width = isCore ? view.getUint16(18, true) : view.getInt32(18, true);
  const signedHeight = isCore ? view.getUint16(20, true) : view.getInt32(22, true);
  // A negative height says that the first row is at the top.
  const height = Math.abs(signedHeight);
  if (width <= 0 || height === 0) throw damagedPicture("BMP", "it does not say how large it is");
  const reduction = open({ width, height });

  const bits = view.getUint16(isCore ? 24 : 28, true);
  const compression = isCore ? PLAIN : view.getUint32(30, true);
  const isMasked = MASKED.has(compression) && (bits === 16 || bits === 32);
  if (compression !== PLAIN && !isMasked)
    throw unreadVariant("BMP", COMPRESSIONS[compression] ?? `has compression ${compression}`);
  if (!isReadBits(bits)) throw unreadVariant("BMP", `has ${bits} bits for each pixel`);

  const masksAt = FILE_HEADER_BYTES + INFO_BYTES;
  const paletteAt = FILE_HEADER_BYTES + headerBytes;
  if (isMasked && head.length < masksAt + 12) throw damagedPicture("BMP", "it ends within its header");
  const masks = isMasked ? [0, 4, 8].map((at) => view.getUint32(masksAt + at, true)) : DEFAULT_MASKS;
  const toRgb =
    bits <= 8
      ? byPalette(await readPalette(file, paletteAt, { bits, entryBytes: isCore ? 3 : 4, pixelsAt }), bits)
      : bits === 24
        ? from24
        : bits === 32 && !isMasked
          ? from32
          : byMasks(masks, bits === 16 ? 2 : 4);

  const rowBytes = Math.ceil((width * bits) / 32) * 4;
  const rgb = new Uint8Array(width * 3);
  let row = 0;
  const pieces = piecesOf(file, { offset: pixelsAt, length: rowBytes * height });
  for await (const some of rowsOf(pieces, rowBytes)) {
    for (let at = 0; at < some.length; at += rowBytes, row++) {
      toRgb(some.subarray(at, at + rowBytes), width, rgb);
      reduction.add({ x: 0, y: signedHeight < 0 ? row : height - 1 - row }, rgb, width);
    }
  }
  if (row < height) throw damagedPicture("BMP", `its pixels end after ${row} of ${height} rows`);
  return reduction.picture();
}

/** Colours of eight bits: blue, green, red, and with four bytes one that is not used. */
async function readPalette(
  file: PictureFile,
  at: number,
  { bits, entryBytes, pixelsAt }: { readonly bits: number; readonly entryBytes: number; readonly pixelsAt: number },
): Promise<Uint8Array> {
  const entries = Math.min(1 << bits, Math.floor((pixelsAt - at) / entryBytes));
  const bytes = entries > 0 ? await file.readAll(at, entries * entryBytes) : null;
  if (bytes === null) throw damagedPicture("BMP", "it has no palette");
  // A value beyond the palette is black, as Windows draws it.
  const rgb = new Uint8Array(3 << bits);
  for (let entry = 0; entry < entries; entry++) {
    const [blue = 0, green = 0, red = 0] = bytes.subarray(entry * entryBytes);
    rgb.set([red, green, blue], entry * 3);
  }
  return rgb;
}

function byPalette(palette: Uint8Array, bits: number): ToRgb {
  const mask = (1 << bits) - 1;
  return (row, pixels, rgb) => {
    for (let pixel = 0, bit = 0, to = 0; pixel < pixels; pixel++, bit += bits, to += 3) {
      const from = (((row[bit >> 3] ?? 0) >> (8 - bits - (bit & 7))) & mask) * 3;
      rgb[to] = palette[from] ?? 0;
      rgb[to + 1] = palette[from + 1] ?? 0;
      rgb[to + 2] = palette[from + 2] ?? 0;
    }
  };
}

const from24 = fromBytes(3);
const from32 = fromBytes(4);

function fromBytes(pixelBytes: number): ToRgb {
  return (row, pixels, rgb) => {
    for (let pixel = 0, at = 0, to = 0; pixel < pixels; pixel++, at += pixelBytes, to += 3) {
      rgb[to] = row[at + 2] ?? 0;
      rgb[to + 1] = row[at + 1] ?? 0;
      rgb[to + 2] = row[at] ?? 0;
    }
  };
}

/** Sixteen bits without masks are five for each colour. */
const DEFAULT_MASKS = [0x7c00, 0x3e0, 0x1f];

function byMasks(masks: readonly number[], pixelBytes: 2 | 4): ToRgb {
  const colours = masks.map((mask) => {
    const shift = mask === 0 ? 0 : 31 - Math.clz32(mask & -mask);
    return { shift, most: mask >>> shift };
  });
  return (row, pixels, rgb) => {
    const view = viewOf(row);
    for (let pixel = 0, to = 0; pixel < pixels; pixel++) {
      const value = pixelBytes === 2 ? view.getUint16(pixel * 2, true) : view.getUint32(pixel * 4, true);
      for (const { shift, most } of colours) {
        rgb[to++] = most === 0 ? 0 : Math.round((((value >>> shift) & most) >>> 0) * (255 / most));
      }
    }
  };
}

function isReadBits(bits: number): bits is Bits {
  return BITS.includes(bits);
}
