// Pictures in formats that are decoded here. ffmpeg and libvips make them, and libvips is the referee.
import { execFileSync } from "node:child_process";

import sharp, { type TiffOptions } from "sharp";

import type { Size } from "../../consumer/pictures/reduce.ts";

/** Odd, so that rows, tiles and squares do not fill the picture. */
export const SIZE: Size = { width: 331, height: 207 };

/** A test picture in a format of ffmpeg. */
export function byFfmpeg(options: readonly string[], { width, height }: Size = SIZE): Uint8Array {
  const source = `testsrc2=s=${width + 1}x${height + 1}:d=1:r=1,format=rgb24,crop=${width}:${height}:0:0:exact=1`;
  const input = ["-nostdin", "-v", "error", "-f", "lavfi", "-i", source, "-frames:v", "1"];
  const output = [...options, "-f", "image2pipe", "-"];
  return new Uint8Array(execFileSync("ffmpeg", [...input, ...output], { maxBuffer: 2 ** 30 }));
}

let png: Uint8Array | undefined;

export async function tiffBySharp(
  options: TiffOptions,
  colours: "srgb" | "b-w" | "cmyk" = "srgb",
): Promise<Uint8Array> {
  png ??= byFfmpeg(["-c:v", "png"]);
  return new Uint8Array(await sharp(png).toColourspace(colours).tiff(options).toBuffer());
}

/** Return what libvips decodes of a picture, as RGB of eight bits. */
export async function decoded(bytes: Uint8Array): Promise<Uint8Array> {
  return new Uint8Array(await sharp(bytes).toColourspace("srgb").removeAlpha().raw({ depth: "uchar" }).toBuffer());
}

/** Return what ffmpeg decodes of a BMP, which libvips does not read. */
export function decodedBmp(bytes: Uint8Array): Uint8Array {
  const input = ["-nostdin", "-v", "error", "-f", "image2pipe", "-c:v", "bmp", "-i", "-"];
  const output = ["-frames:v", "1", "-pix_fmt", "rgb24", "-f", "rawvideo", "-"];
  return new Uint8Array(execFileSync("ffmpeg", [...input, ...output], { input: bytes, maxBuffer: 2 ** 30 }));
}

/** Reduce pixels as `reduceTo` promises to: each is the mean of a square. */
export function reduced(rgb: Uint8Array, { width, height }: Size, factor: number): Uint8Array {
  const out: number[] = [];
  for (let y = 0; y < height; y += factor)
    for (let x = 0; x < width; x += factor)
      for (let colour = 0; colour < 3; colour++) {
        let [sum, pixels] = [0, 0];
        for (let row = y; row < Math.min(y + factor, height); row++)
          for (let column = x; column < Math.min(x + factor, width); column++, pixels++)
            sum += rgb[(row * width + column) * 3 + colour] ?? 0;
        out.push(Math.round(sum / pixels));
      }
  return Uint8Array.from(out);
}

/** Return the largest difference between two pictures' values. */
export function farthest(one: Uint8Array, other: Uint8Array): number {
  if (one.length !== other.length) return Infinity;
  let most = 0;
  for (const [at, value] of one.entries()) most = Math.max(most, Math.abs(value - (other[at] ?? 0)));
  return most;
}
