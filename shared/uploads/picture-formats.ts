import { fileTypeFromBuffer } from "file-type";
import * as z from "zod";

/**
 * The format of a picture that no model takes. It is converted first: BMP and TIFF here, HEIC and AVIF by Cloudflare Images, where
 * that is bound.
 */
export const ConvertedFormat = z.enum(["bmp", "tiff", "heic", "avif"]);
export type ConvertedFormat = z.infer<typeof ConvertedFormat>;

const CLASSIFIABLE = new Set(["image/jpeg", "image/png", "image/apng", "image/webp", "image/gif"]);

const CONVERTED: Readonly<Record<string, ConvertedFormat>> = {
  "image/bmp": "bmp",
  "image/tiff": "tiff",
  "image/heic": "heic",
  "image/heif": "heic",
  "image/heic-sequence": "heic",
  "image/avif": "avif",
};

export function isClassifiable(mime: string): boolean {
  return CLASSIFIABLE.has(mime);
}

export function convertedFormatOf(mime: string | undefined): ConvertedFormat | undefined {
  return mime === undefined ? undefined : CONVERTED[mime];
}

export function isByImages(format: ConvertedFormat): format is "heic" | "avif" {
  return format === "heic" || format === "avif";
}

/**
 * Detect a file's type from its first bytes. undefined if they do not show it.
 * A TIFF's directory is usually at its end, where `file-type` looks for it. Raw files of cameras, which also begin as TIFF does,
 * have it at the beginning.
 */
export async function detectType(head: Uint8Array): Promise<string | undefined> {
  // If the parser fails on a head, the type is unknown.
  const mime = (await fileTypeFromBuffer(head).catch(() => undefined))?.mime;
  return mime ?? (TIFF_MARKS.some((mark) => mark.every((byte, at) => head[at] === byte)) ? "image/tiff" : undefined);
}

/** The byte order, and 42 in it; 43 is BigTIFF. */
const TIFF_MARKS = [
  [0x49, 0x49, 42, 0],
  [0x4d, 0x4d, 0, 42],
  [0x49, 0x49, 43, 0],
  [0x4d, 0x4d, 0, 43],
];
