import { viewOf } from "../../../shared/audio/reading/bytes.ts";
import { MAX_IMAGE_PIXELS } from "../../../shared/limits.ts";
import type { PictureFile } from "../picture-file.ts";
import type { Size } from "../reduce.ts";
import { damagedPicture, unreadVariant } from "../unreadable-picture.ts";

/** The fields of a directory that are read (TIFF 6.0, appendix A). */
const TAG = {
  width: 256,
  height: 257,
  bits: 258,
  compression: 259,
  photometric: 262,
  fillOrder: 266,
  stripOffsets: 273,
  samples: 277,
  rowsPerStrip: 278,
  stripBytes: 279,
  planes: 284,
  predictor: 317,
  palette: 320,
  tileWidth: 322,
  tileHeight: 323,
  tileOffsets: 324,
  tileBytes: 325,
  sampleFormat: 339,
} as const;

/** Bytes of a value by its type: BYTE, SHORT and LONG. All fields above have one of these. */
const TYPE_BYTES: Readonly<Record<number, 1 | 2 | 4>> = { 1: 1, 3: 2, 4: 4 };

const COMPRESSIONS: Readonly<Record<number, string>> = {
  2: "is a fax (CCITT)",
  3: "is a fax (CCITT)",
  4: "is a fax (CCITT)",
  6: "holds JPEG",
  7: "holds JPEG",
  34712: "holds JPEG 2000",
  34925: "is compressed with LZMA",
  50000: "is compressed with Zstandard",
  50001: "holds WebP",
};

const PHOTOMETRICS: Readonly<Record<number, string>> = {
  4: "is a mask",
  5: "has the colours of a printer (CMYK)",
  6: "has the colours of video (YCbCr)",
  8: "has the colours of CIE L*a*b*",
  32803: "is the raw data of a camera",
};

export type Compression = "none" | "lzw" | "deflate" | "packbits";
export type Colours = "white is zero" | "black is zero" | "rgb" | "palette";

const READ_COMPRESSIONS: Readonly<Record<number, Compression>> = {
  1: "none",
  5: "lzw",
  8: "deflate",
  32773: "packbits",
  32946: "deflate",
};
const READ_COLOURS: Readonly<Record<number, Colours>> = {
  0: "white is zero",
  1: "black is zero",
  2: "rgb",
  3: "palette",
};

/** Where the pixels of a picture are, and what they mean. Strips are blocks as wide as the picture. */
export interface Layout extends Size {
  readonly isLittleEndian: boolean;
  readonly compression: Compression;
  readonly colours: Colours;
  readonly bits: 1 | 2 | 4 | 8 | 16;
  readonly samples: number;
  /** Each sample is the difference to the pixel on the left. */
  readonly isDifferenced: boolean;
  /** All reds, all greens, all blues, of eight bits. Empty without a palette. */
  readonly palette: readonly number[];
  readonly blockWidth: number;
  readonly blockHeight: number;
  readonly offsets: readonly number[];
  readonly byteCounts: readonly number[];
}

interface Field {
  readonly type: number;
  readonly count: number;
  /** Where the value is in the file. */
  readonly at: number;
}

/** No picture of eight or sixteen bits has more: colours, an alpha channel, and some of the scanner's own. */
const MAX_SAMPLES = 8;
const MAX_TILE_SIDE = 8192;
/** Including the pixels that fill tiles up beyond the picture's edges, which are unpacked too. Tiles of 256 pixels add a few per cent. */
const MAX_UNPACKED_PIXELS = 2 * MAX_IMAGE_PIXELS;
/** Strips of a row in the highest picture. Tiles of 50 megapixels have 256 pixels on a side, and are 763. */
const MAX_BLOCKS = 65_535;

/**
 * Read the first picture's directory. Every count is compared with what the picture needs and with the file before anything is
 * read or kept for it.
 * @param check refuses a size.
 * @throws UnreadablePicture
 */
export async function readLayout(file: PictureFile, check: (size: Size) => void): Promise<Layout> {
  const head = await file.readAll(0, 8);
  if (head === null) throw damagedPicture("TIFF", "it has no header");
  const isLittleEndian = head[0] === 0x49;
  const uint16 = (bytes: Uint8Array, at: number) => viewOf(bytes).getUint16(at, isLittleEndian);
  const uint32 = (bytes: Uint8Array, at: number) => viewOf(bytes).getUint32(at, isLittleEndian);
  if (uint16(head, 2) === 43) throw unreadVariant("TIFF", "has 64-bit offsets (BigTIFF)");
  const directoryAt = uint32(head, 4);
  const counted = await file.readAll(directoryAt, 2);
  const entries = counted && (await file.readAll(directoryAt + 2, uint16(counted, 0) * 12));
  if (entries === null) throw damagedPicture("TIFF", "the file ends before its directory");

  const fields = new Map<number, Field>();
  for (let at = 0; at < entries.length; at += 12) {
    const [tag, type, count] = [uint16(entries, at), uint16(entries, at + 2), uint32(entries, at + 4)];
    const isInside = (TYPE_BYTES[type] ?? 4) * count <= 4;
    fields.set(tag, { type, count, at: isInside ? directoryAt + 2 + at + 8 : uint32(entries, at + 8) });
  }

  /** @param most how many values the picture needs; further ones are not read. */
  async function values(tag: number, most: number): Promise<readonly number[]> {
    const field = fields.get(tag);
    if (field === undefined) return [];
    const bytes = TYPE_BYTES[field.type];
    const count = Math.min(field.count, most);
    const read = bytes === undefined ? null : await file.readAll(field.at, count * bytes);
    if (read === null) throw damagedPicture("TIFF", `its field ${tag} is not in the file`);
    const view = viewOf(read);
    return Array.from({ length: count }, (_, index) => {
      if (bytes === 1) return view.getUint8(index);
      return bytes === 2 ? view.getUint16(index * 2, isLittleEndian) : view.getUint32(index * 4, isLittleEndian);
    });
  }
  const value = async (tag: number, missing: number) => (await values(tag, 1))[0] ?? missing;

  const size = { width: await value(TAG.width, 0), height: await value(TAG.height, 0) };
  if (size.width === 0 || size.height === 0) throw damagedPicture("TIFF", "it does not say how large it is");
  check(size);

  const compressionCode = await value(TAG.compression, 1);
  const compression = READ_COMPRESSIONS[compressionCode];
  if (compression === undefined)
    throw unreadVariant("TIFF", COMPRESSIONS[compressionCode] ?? `has compression ${compressionCode}`);
  const photometric = await value(TAG.photometric, -1);
  const colours = READ_COLOURS[photometric];
  if (colours === undefined) throw unreadVariant("TIFF", PHOTOMETRICS[photometric] ?? "has colours of an unknown kind");

  const samples = await value(TAG.samples, 1);
  if (samples > MAX_SAMPLES) throw unreadVariant("TIFF", `has ${samples} values for each pixel`);
  if (samples < (colours === "rgb" ? 3 : 1)) throw damagedPicture("TIFF", "it has too few values for each pixel");
  if ((await value(TAG.planes, 1)) !== 1 && samples > 1)
    throw unreadVariant("TIFF", "has its colours in separate planes");
  const [bits = 1, ...others] = await values(TAG.bits, samples);
  const isSameBits = others.every((other) => other === bits);
  if (!isReadBits(bits) || !isSameBits || (bits < 8 && samples > 1) || (bits > 8 && colours === "palette"))
    throw unreadVariant("TIFF", `has ${[bits, ...others].join(", ")} bits for each value`);
  if ((await value(TAG.sampleFormat, 1)) !== 1)
    throw unreadVariant("TIFF", "has values that are not unsigned whole numbers");
  if ((await value(TAG.fillOrder, 1)) !== 1) throw unreadVariant("TIFF", "has its bits in reverse order");
  const predictor = await value(TAG.predictor, 1);
  const isPredicted = compression === "lzw" || compression === "deflate";
  if (isPredicted && (predictor > 2 || (predictor === 2 && bits < 8)))
    throw unreadVariant("TIFF", `has predictor ${predictor}`);

  const stored = colours === "palette" ? await values(TAG.palette, 3 << bits) : [];
  // Colours have 16 bits. Some writers store eight: then no value exceeds a byte, by which libtiff recognises them.
  const palette = stored.some((colour) => colour > 255) ? stored.map((colour) => colour >> 8) : stored;
  if (colours === "palette" && palette.length < 3 << bits) throw damagedPicture("TIFF", "its palette is incomplete");

  const isTiled = fields.has(TAG.tileOffsets);
  const blockWidth = isTiled ? await value(TAG.tileWidth, 0) : size.width;
  const blockHeight = isTiled ? await value(TAG.tileHeight, 0) : await value(TAG.rowsPerStrip, size.height);
  if (!(blockWidth > 0 && blockHeight > 0) || (isTiled && Math.max(blockWidth, blockHeight) > MAX_TILE_SIDE))
    throw damagedPicture("TIFF", "its strips or tiles have an impossible size");
  const across = Math.ceil(size.width / blockWidth);
  if (across * blockWidth * size.height > MAX_UNPACKED_PIXELS)
    throw unreadVariant("TIFF", `has tiles of ${blockWidth} pixels in a row, far more than its ${size.width}`);
  const blocks = across * Math.ceil(size.height / blockHeight);
  if (blocks > MAX_BLOCKS) throw unreadVariant("TIFF", `is cut into ${blocks} tiles`);
  const offsets = await values(isTiled ? TAG.tileOffsets : TAG.stripOffsets, blocks);
  const byteCounts = await values(isTiled ? TAG.tileBytes : TAG.stripBytes, blocks);
  if (offsets.length < blocks)
    throw damagedPicture("TIFF", `it names ${offsets.length} of its ${blocks} strips or tiles`);
  return {
    ...size,
    isLittleEndian,
    compression,
    colours,
    bits,
    samples,
    // libtiff ignores it elsewhere.
    isDifferenced: predictor === 2 && isPredicted,
    palette,
    blockWidth,
    blockHeight,
    offsets,
    byteCounts,
  };
}

function isReadBits(bits: number): bits is Layout["bits"] {
  return [1, 2, 4, 8, 16].includes(bits);
}
