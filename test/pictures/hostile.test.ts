// Headers that claim too much, and files that were changed at random: nothing is allocated or read for a claim.
import { constants, deflateSync } from "node:zlib";

import * as fc from "fast-check";
import { expect, test } from "vitest";

import { type BitmapFormat, readPicture } from "../../consumer/pictures/read-picture.ts";
import { UnreadablePicture } from "../../consumer/pictures/unreadable-picture.ts";
import { type ByteSource, memorySource } from "../../shared/audio/reading/byte-source.ts";
import { byFfmpeg, tiffBySharp } from "./made.ts";

const MEGABYTE = 2 ** 20;

/** The small picture's sums and pixels, a stretch of the file, a row, and the tables of a compression. */
const MOST_MEMORY_BYTES = 24 * MEGABYTE;

/** Read a picture, and fail if it took more than a file of this size may take. */
async function probe(bytes: Uint8Array, format: BitmapFormat): Promise<string> {
  let readBytes = 0;
  const memory = memorySource(bytes);
  const source: ByteSource = {
    sizeBytes: bytes.length,
    async read(offset, length) {
      readBytes += length;
      return memory.read(offset, length);
    },
  };
  const before = process.memoryUsage().arrayBuffers;
  const outcome = await readPicture(source, format, 960).then(
    () => "read",
    (error: unknown) => {
      if (!(error instanceof UnreadablePicture)) throw error;
      expect(error.message).toMatch(/^[A-Z].*(\.|: magick [^.]+\.\w+ picture\.jpg|: magick picture -resize \S+ \S+)$/s);
      return error.code;
    },
  );
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(MOST_MEMORY_BYTES + bytes.length);
  expect(readBytes).toBeLessThan(10 * MEGABYTE + 3 * bytes.length);
  return outcome;
}

/** Fields of a little-endian TIFF: tag, type, count, value. What follows is behind the directory. */
function tiff(fields: readonly (readonly [number, number, number, number])[], rest: Uint8Array = new Uint8Array()) {
  const head = new Uint8Array(8 + 2 + fields.length * 12 + 4);
  const view = new DataView(head.buffer);
  head.set([0x49, 0x49, 42, 0, 8]);
  view.setUint16(8, fields.length, true);
  for (const [index, [tag, type, count, value]] of fields.entries()) {
    const at = 10 + index * 12;
    view.setUint16(at, tag, true);
    view.setUint16(at + 2, type, true);
    view.setUint32(at + 4, count, true);
    view.setUint32(at + 8, value, true);
  }
  return { bytes: new Uint8Array([...head, ...rest]), restAt: head.length };
}

const MOST = 0xffff_ffff;
const gray = (width: number, height: number, compression: number) =>
  [
    [256, 4, 1, width],
    [257, 4, 1, height],
    [258, 3, 1, 8],
    [259, 3, 1, compression],
    [262, 3, 1, 1],
    [277, 3, 1, 1],
  ] as const;

test("claims of sizes, counts and offsets", async () => {
  const bmp = byFfmpeg(["-c:v", "bmp"]).slice(0, 2000);
  for (const at of [10, 14, 18, 22, 28, 30, 46])
    for (const value of [0, 0x7fff_ffff, 0x8000_0000, MOST]) {
      const changed = bmp.slice();
      new DataView(changed.buffer).setUint32(at, value, true);
      // A height of -1 is a row.
      expect((await probe(changed, "bmp")) === "read").toBe(at === 22 && value === MOST);
    }
  expect(await probe(tiff(gray(MOST, MOST, 1)).bytes, "tiff")).toBe("image_too_large");
  expect(await probe(tiff(gray(1, 66_000, 1)).bytes, "tiff")).toBe("image_too_large");
  for (const fields of [
    [...gray(7000, 7000, 1), [273, 4, MOST, 8], [278, 4, 1, 1]],
    [...gray(7000, 7000, 1), [273, 4, 7000, MOST], [278, 4, 1, 1]],
    [...gray(7000, 7000, 1), [322, 4, 1, 1], [323, 4, 1, 1], [324, 4, MOST, 8]],
    [...gray(7000, 7000, 1), [322, 4, 1, MOST], [323, 4, 1, MOST], [324, 4, 1, 8]],
    [...gray(7000, 7000, 5), [273, 4, 1, 8]],
    [...gray(7000, 7000, 8), [273, 4, 1, MOST], [279, 4, 1, MOST]],
  ] as const)
    expect(await probe(tiff(fields).bytes, "tiff")).toBe("undecodable_input");
});

test("data that unpacks to far more than the picture is unpacked as far as the picture goes", async () => {
  const fields = (bytes: number, compression: number) =>
    [...gray(100, 100, compression), [273, 4, 1, 10 + 8 * 12 + 4], [279, 4, 1, bytes]] as const;
  const bomb = deflateSync(new Uint8Array(50 * MEGABYTE));
  expect(await probe(tiff(fields(bomb.length, 8), bomb).bytes, "tiff")).toBe("read");
  const repeats = new Uint8Array(MEGABYTE).fill(129);
  expect(await probe(tiff(fields(repeats.length, 32_773), repeats).bytes, "tiff")).toBe("read");
});

test("strips that share a megabyte that unpacks to nothing are refused", async () => {
  // Thousands of strips of LZW that only clear its table, of deflate with empty blocks, of PackBits without an effect.
  const nothing = new Uint8Array(MEGABYTE).fill(128);
  const strips = 200;
  const places = new Uint32Array(strips).fill(10 + 9 * 12 + 4);
  const lengths = new Uint32Array(strips).fill(nothing.length);
  const restAt = 10 + 9 * 12 + 4;
  const rest = new Uint8Array([...nothing, ...new Uint8Array(places.buffer), ...new Uint8Array(lengths.buffer)]);
  for (const compression of [5, 32_773]) {
    const { bytes } = tiff(
      [
        ...gray(100, strips, compression),
        [273, 4, strips, restAt + nothing.length],
        [278, 4, 1, 1],
        [279, 4, strips, restAt + nothing.length + strips * 4],
      ],
      rest,
    );
    expect(await probe(bytes, "tiff")).toBe("undecodable_input");
  }
});

test("tiles far wider than the picture are refused: 8 GB would be unpacked for a column of pixels", async () => {
  const rows = 50;
  const bomb = deflateSync(new Uint8Array(8192 * 16 * rows));
  const fields = (height: number) =>
    [
      ...gray(1, height, 8).map(([tag, type, count, value]) => {
        const sixteenBits = { 258: 16, 262: 2, 277: 8 } as const satisfies Record<number, number>;
        return [tag, type, count, tag === 258 || tag === 262 || tag === 277 ? sixteenBits[tag] : value] as const;
      }),
      [322, 4, 1, 8192],
      [323, 4, 1, 8192],
      [324, 4, 1, 10 + 10 * 12 + 4],
      [325, 4, 1, bomb.length],
    ] as const;
  expect(await probe(tiff(fields(rows), bomb).bytes, "tiff")).toBe("read");
  const started = process.cpuUsage();
  const wide = readPicture(memorySource(tiff(fields(65_535), bomb).bytes), "tiff", 960);
  await expect(wide).rejects.toThrow(/tiles of 8192 pixels in a row, far more than its 1,/);
  expect(process.cpuUsage(started).user).toBeLessThan(1_000_000);
});

test("strips that are far apart do not fetch a megabyte each, and strips in reverse order are read", async () => {
  const strips = 5000;
  const restAt = 10 + 9 * 12 + 4;
  const body = 3 * MEGABYTE;
  for (const [placeOf, says] of [
    [(strip: number) => (strip % 2) * 2 * MEGABYTE, /overlap or are out of order/],
    [(strip: number) => (strips - strip) * 500, null],
  ] as const) {
    const rest = new Uint8Array(body + strips * 8);
    const view = new DataView(rest.buffer);
    for (let strip = 0; strip < strips; strip++) {
      view.setUint32(body + strip * 4, restAt + placeOf(strip), true);
      view.setUint32(body + (strips + strip) * 4, 10, true);
    }
    const { bytes } = tiff(
      [
        ...gray(10, strips, 1),
        [273, 4, strips, restAt + body],
        [278, 4, 1, 1],
        [279, 4, strips, restAt + body + strips * 4],
      ],
      rest,
    );
    let requests = 0;
    const memory = memorySource(bytes);
    const source: ByteSource = {
      sizeBytes: bytes.length,
      async read(offset, length) {
        requests += 1;
        return memory.read(offset, length);
      },
    };
    const failure = await readPicture(source, "tiff", 960).then(
      () => "",
      (error: Error) => error.message,
    );
    expect(failure).toMatch(says ?? /^$/);
    expect(requests).toBeLessThan(50);
  }
});

test("deflate of all kinds of blocks is unpacked as zlib does, and data with a dictionary is refused", async () => {
  const { byteLength: restAt } = tiff([...gray(1, 1, 8), [273, 4, 1, 0], [279, 4, 1, 0]]).bytes;
  const unpacked = async (data: Uint8Array, [width, height]: readonly [number, number]) => {
    const { bytes } = tiff([...gray(width, height, 8), [273, 4, 1, restAt], [279, 4, 1, data.length]], data);
    return (await readPicture(memorySource(bytes), "tiff", 960)).rgb.filter((_, at) => at % 3 === 0);
  };
  const size = [500, 400] as const;
  const random = crypto.getRandomValues(new Uint8Array(50_000));
  // Matches at all distances up to the whole window, noise, repeats of one byte, and few symbols.
  const pixels = new Uint8Array(size[0] * size[1]);
  for (let at = 0; at < pixels.length; at++) {
    const value = random[at % random.length] ?? 0;
    const isNear = at % 32_768 > 30_000;
    pixels[at] = at < 40_000 ? value : isNear ? (pixels[at - 32_768] ?? 0) : at < 120_000 ? (at >> 9) & 255 : value & 3;
  }
  for (const options of [
    { level: 0 },
    { level: 1 },
    { level: 9 },
    { strategy: constants.Z_FIXED },
    { strategy: constants.Z_HUFFMAN_ONLY },
    { strategy: constants.Z_RLE },
    { windowBits: 9 },
    { memLevel: 1, level: 6 },
  ])
    expect(await unpacked(deflateSync(pixels, options), size)).toEqual(pixels);
  const dictionary = deflateSync(pixels, { dictionary: random.subarray(0, 1000) });
  await expect(unpacked(dictionary, size)).rejects.toThrow("its deflate data cannot be unpacked");
});

test("files that were changed at random are read or refused, within their limit of work", async () => {
  const files = [
    ["bmp", byFfmpeg(["-c:v", "bmp", "-pix_fmt", "rgb8"], { width: 40, height: 30 })],
    ["tiff", byFfmpeg(["-c:v", "tiff", "-compression_algo", "deflate"], { width: 40, height: 30 })],
    ["tiff", byFfmpeg(["-c:v", "tiff", "-compression_algo", "lzw", "-pix_fmt", "pal8"], { width: 40, height: 30 })],
    ["tiff", byFfmpeg(["-c:v", "tiff", "-compression_algo", "packbits"], { width: 40, height: 30 })],
    ["tiff", await tiffBySharp({ compression: "lzw", tile: true, tileWidth: 128, tileHeight: 128 })],
  ] as const;
  const change = fc.record({
    place: fc.double({ min: 0, max: 1, noNaN: true }),
    value: fc.integer({ min: 0, max: 255 }),
  });
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...files),
      fc.array(change, { minLength: 1, maxLength: 12 }),
      fc.boolean(),
      async ([format, bytes], changes, isInHeader) => {
        const changed = bytes.slice();
        // A directory of ffmpeg and libvips is at the end of the file.
        const [from, length] = format === "bmp" ? [0, 60] : [bytes.length - 400, 400];
        for (const { place, value } of changes) {
          const at = isInHeader ? from + Math.floor(place * length) : Math.floor(place * bytes.length);
          changed[at] = value;
        }
        expect(await probe(changed, format)).toMatch(/^(read|undecodable_input|image_too_large)$/);
      },
    ),
    { numRuns: 200, seed: 15 },
  );
});
