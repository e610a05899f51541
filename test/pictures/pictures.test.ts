// BMP and TIFF, which no model takes, are read and made smaller as libvips and ffmpeg decode them.
import sharp, { type TiffOptions } from "sharp";
import { expect, test } from "vitest";

import { writePng } from "../../consumer/pictures/png.ts";
import { type BitmapFormat, readPicture } from "../../consumer/pictures/read-picture.ts";
import { memorySource } from "../../shared/audio/reading/byte-source.ts";
import { byFfmpeg, decoded, decodedBmp, farthest, reduced, SIZE, tiffBySharp } from "./made.ts";

const read = (bytes: Uint8Array, format: BitmapFormat, maxSide = 960) =>
  readPicture(memorySource(bytes), format, maxSide);

// ffmpeg rounds five bits down, and we round them to the nearest.
test.each([
  ["bgr24", 0],
  ["bgra", 0],
  ["rgb555le", 1],
  ["rgb565le", 1],
  ["rgb8", 0],
  ["gray", 0],
  ["monob", 0],
] as const)("BMP of %s is what ffmpeg decodes", async (pixels, apart) => {
  const bytes = byFfmpeg(["-c:v", "bmp", "-pix_fmt", pixels]);
  const picture = await read(bytes, "bmp");
  expect(picture).toMatchObject(SIZE);
  expect(farthest(picture.rgb, decodedBmp(bytes))).toBeLessThanOrEqual(apart);
});

test("BMP whose first row is at the top, and of OS/2", async () => {
  const bytes = byFfmpeg(["-c:v", "bmp", "-pix_fmt", "bgr24"]);
  const upright = await read(bytes, "bmp");
  const turned = bytes.slice();
  new DataView(turned.buffer).setInt32(22, -SIZE.height, true);
  const rows = Array.from({ length: SIZE.height }, (_, row) =>
    upright.rgb.subarray(row * SIZE.width * 3, (row + 1) * SIZE.width * 3),
  );
  expect((await read(turned, "bmp")).rgb).toEqual(Uint8Array.from(rows.toReversed().flatMap((row) => [...row])));

  const core = new Uint8Array(26 + bytes.length - 54);
  const view = new DataView(core.buffer);
  core.set([0x42, 0x4d]);
  view.setUint32(10, 26, true);
  view.setUint32(14, 12, true);
  for (const [at, value] of [SIZE.width, SIZE.height, 1, 24].entries()) view.setUint16(18 + at * 2, value, true);
  core.set(bytes.subarray(54), 26);
  expect((await read(core, "bmp")).rgb).toEqual(upright.rgb);
});

const PIXELS = ["rgb24", "rgba", "rgb48le", "rgb48be", "gray", "gray16le", "ya8", "pal8", "monob", "monow"] as const;
const TIFFS = [
  ...PIXELS.map((pixels) => ["lzw", pixels] as const),
  ...(["raw", "packbits", "deflate"] as const).flatMap((compression) => [
    [compression, "rgb24"] as const,
    [compression, "pal8"] as const,
  ]),
];
test.each(TIFFS)("TIFF of %s and %s is what libvips decodes", async (compression, pixels) => {
  const bytes = byFfmpeg(["-c:v", "tiff", "-compression_algo", compression, "-pix_fmt", pixels]);
  const picture = await read(bytes, "tiff");
  expect(picture).toMatchObject(SIZE);
  expect(farthest(picture.rgb, await decoded(bytes))).toBe(0);
});

test("TIFF whose palette has colours of eight bits is what libvips decodes, and not black", async () => {
  const bytes = byFfmpeg(["-c:v", "tiff", "-compression_algo", "lzw", "-pix_fmt", "pal8"]);
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const directory = view.getUint32(4, true);
  const entries = Array.from({ length: view.getUint16(directory, true) }, (_, entry) => directory + 2 + entry * 12);
  const palette = entries.find((at) => view.getUint16(at, true) === 320) ?? Number.NaN;
  const coloursAt = view.getUint32(palette + 8, true);
  for (let at = coloursAt; at < coloursAt + 768 * 2; at += 2) view.setUint16(at, view.getUint16(at, true) >> 8, true);
  const picture = await read(bytes, "tiff");
  expect(picture.rgb.some((value) => value > 200)).toBe(true);
  expect(farthest(picture.rgb, await decoded(bytes))).toBe(0);
});

const TILED = { tile: true, tileWidth: 64, tileHeight: 48 } as const;
test.each([
  ["tiles", { compression: "none", ...TILED }, "srgb"],
  ["tiles and LZW", { compression: "lzw", predictor: "none", ...TILED }, "srgb"],
  ["tiles, deflate and differences", { compression: "deflate", predictor: "horizontal", ...TILED }, "srgb"],
  ["LZW and differences", { compression: "lzw", predictor: "horizontal" }, "srgb"],
  ["four bits", { compression: "lzw", predictor: "none", bitdepth: 4 }, "b-w"],
  ["two bits in tiles", { compression: "packbits", bitdepth: 2, ...TILED }, "b-w"],
] as const satisfies readonly (readonly [string, TiffOptions, "srgb" | "b-w"])[])(
  "TIFF with %s is what libvips decodes",
  async (_name, options, colours) => {
    const bytes = await tiffBySharp(options, colours);
    expect(farthest((await read(bytes, "tiff")).rgb, await decoded(bytes))).toBe(0);
  },
);

test.each([100, 17])("a picture is made smaller, so that no side exceeds %i pixels", async (maxSide) => {
  const factor = Math.ceil(SIZE.width / maxSide);
  for (const bytes of [
    byFfmpeg(["-c:v", "bmp", "-pix_fmt", "bgr24"]),
    await tiffBySharp({ compression: "lzw", ...TILED }),
  ]) {
    const format = bytes[0] === 0x42 ? "bmp" : "tiff";
    const whole = await read(bytes, format);
    const small = await read(bytes, format, maxSide);
    expect(Math.max(small.width, small.height)).toBeLessThanOrEqual(maxSide);
    expect(small.rgb).toEqual(reduced(whole.rgb, SIZE, factor));
  }
});

test("the PNG has the same pixels, and no more bytes than its pixels and some hundred", async () => {
  const noise = crypto.getRandomValues(new Uint8Array(120 * 90 * 3));
  for (const picture of [
    await read(byFfmpeg(["-c:v", "bmp"]), "bmp"),
    { width: 120, height: 90, rgb: noise },
    { width: 1, height: 1, rgb: Uint8Array.of(1, 2, 3) },
  ]) {
    const png = await writePng(picture);
    const { data, info } = await sharp(png).raw().toBuffer({ resolveWithObject: true });
    expect(info).toMatchObject({ width: picture.width, height: picture.height, channels: 3 });
    expect(new Uint8Array(data)).toEqual(picture.rgb);
    expect(png.length).toBeLessThan(picture.rgb.length + 400);
  }
});

test.each([
  ["JPEG inside", { compression: "jpeg" }, "srgb", /holds JPEG/],
  ["a fax", { compression: "ccittfax4", bitdepth: 1 }, "b-w", /is a fax \(CCITT\)/],
  ["WebP inside", { compression: "webp" }, "srgb", /holds WebP/],
  ["CMYK", { compression: "lzw" }, "cmyk", /colours of a printer \(CMYK\)/],
  ["64-bit offsets", { compression: "lzw", bigtiff: true }, "srgb", /BigTIFF/],
  ["numbers with a fraction", { compression: "lzw", predictor: "float" }, "srgb", /32, 32, 32 bits/],
] as const satisfies readonly (readonly [string, TiffOptions, "srgb" | "b-w" | "cmyk", RegExp])[])(
  "TIFF with %s is refused by its name, with the command that makes it readable",
  async (_name, options, colours, says) => {
    const refused = read(await tiffBySharp(options, colours), "tiff");
    await expect(refused).rejects.toThrow(says);
    await expect(refused).rejects.toThrow(/magick picture\.tiff picture\.jpg$/);
  },
);

test.each(["bmp", "tiff"] as const)("%s that was cut off is not called a picture", async (format) => {
  for (const bytes of [
    byFfmpeg(["-c:v", format]),
    format === "bmp" ? byFfmpeg(["-c:v", "bmp", "-pix_fmt", "monob"]) : await tiffBySharp({ compression: "deflate" }),
  ])
    for (const share of [0.001, 0.5, 0.98])
      await expect(read(bytes.slice(0, Math.floor(bytes.length * share)), format)).rejects.toThrow(
        /is damaged: .*send/,
      );
});
