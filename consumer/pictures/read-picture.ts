import type { ByteSource } from "../../shared/audio/reading/byte-source.ts";
import { MAX_IMAGE_PIXELS } from "../../shared/limits.ts";
import { readBmp } from "./bmp.ts";
import { pictureFile } from "./picture-file.ts";
import { type Picture, reduceTo, type Size } from "./reduce.ts";
import { readTiff } from "./tiff/tiff.ts";
import { UnreadablePicture } from "./unreadable-picture.ts";

/** A row is in memory, and JPEG and PNG of this width are rare. */
const MAX_SIDE = 65_535;

export type BitmapFormat = "bmp" | "tiff";

/**
 * Read a picture in a format that no model takes, and make it smaller: no side exceeds `maxSide`. In memory are a megabyte of
 * the file, a row, and the small picture.
 * @throws UnreadablePicture
 */
export async function readPicture(source: ByteSource, format: BitmapFormat, maxSide: number): Promise<Picture> {
  const open = (size: Size) => {
    checkSize(size);
    return reduceTo(maxSide, size);
  };
  return format === "bmp" ? readBmp(pictureFile(source), open) : readTiff(pictureFile(source), open);
}

function checkSize({ width, height }: Size): void {
  if (width * height <= MAX_IMAGE_PIXELS && Math.max(width, height) <= MAX_SIDE) return;
  throw new UnreadablePicture(
    `The picture claims ${width} × ${height} pixels; the limit is ${MAX_IMAGE_PIXELS} pixels, and ${MAX_SIDE} in a row. Reduce it: magick picture -resize 2048x2048 picture.jpg`,
    "image_too_large",
  );
}
