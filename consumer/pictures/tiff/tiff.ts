import { piecesOf, type PictureFile, rowsOf } from "../picture-file.ts";
import type { Picture, Reduction, Size } from "../reduce.ts";
import { damagedPicture } from "../unreadable-picture.ts";
import { type Compression, readLayout } from "./layout.ts";
import { rowToRgb } from "./to-rgb.ts";
import { createInflate } from "./inflate.ts";
import { type CreateUnpack, createUnpackBits, createUnpackLzw } from "./unpack.ts";

const UNPACK: Readonly<Record<Compression, CreateUnpack>> = {
  none: () => (pieces) => pieces,
  lzw: createUnpackLzw,
  deflate: createInflate,
  packbits: createUnpackBits,
};

/**
 * Read the first picture of a TIFF file, a row at a time.
 * @param open checks the size, and takes the pixels.
 * @throws UnreadablePicture
 */
export async function readTiff(file: PictureFile, open: (size: Size) => Reduction): Promise<Picture> {
  let reduction: Reduction | undefined;
  const layout = await readLayout(file, (size) => {
    reduction = open(size);
  });
  if (reduction === undefined) throw damagedPicture("TIFF", "it does not say how large it is");
  const across = Math.ceil(layout.width / layout.blockWidth);
  const toRgb = rowToRgb(layout);
  const unpack = UNPACK[layout.compression]();
  const rgb = new Uint8Array(Math.min(layout.blockWidth, layout.width) * 3);
  const rowBytes = Math.ceil((layout.blockWidth * layout.samples * layout.bits) / 8);
  for (const [block, offset] of layout.offsets.entries()) {
    const x = (block % across) * layout.blockWidth;
    const y = Math.floor(block / across) * layout.blockHeight;
    const pixels = Math.min(layout.blockWidth, layout.width - x);
    const rows = Math.min(layout.blockHeight, layout.height - y);
    let row = 0;
    // Old writers leave out the size of strips. Bytes after the last row are not read.
    const length = layout.byteCounts[block] ?? file.sizeBytes - offset;
    for await (const some of rowsOf(unpack(piecesOf(file, { offset, length })), rowBytes)) {
      for (let at = 0; at < some.length && row < rows; at += rowBytes, row++) {
        toRgb(some.subarray(at, at + rowBytes), pixels, rgb);
        reduction.add({ x, y: y + row }, rgb, pixels);
      }
      if (row === rows) break;
    }
    if (row < rows) throw damagedPicture("TIFF", `its pixels end at row ${y + row} of ${layout.height}`);
  }
  return reduction.picture();
}
