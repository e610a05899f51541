import { execFileSync } from "node:child_process";

import { expect, test } from "vitest";

import { pictureSize } from "../shared/input/picture-size.ts";

function made(format: readonly string[]): Uint8Array {
  const input = ["-nostdin", "-v", "error", "-f", "lavfi", "-i", "testsrc=s=320x200:d=0.2:r=10"];
  return new Uint8Array(execFileSync("ffmpeg", [...input, ...format, "-"]));
}

const JPEG = made(["-frames:v", "1", "-f", "mjpeg"]);
const SIZE = { width: 320, height: 200 };

/** Return a JPEG with these bytes after its first marker. */
function jpegWith(...bytes: readonly number[]): Uint8Array {
  return Uint8Array.of(...JPEG.subarray(0, 2), ...bytes, ...JPEG.subarray(2));
}

const EXIF = [0x45, 0x78, 0x69, 0x66, 0, 0];
/** EXIF in big-endian order, with the offset of its directory far outside the segment. */
const FAR_AWAY = [0x4d, 0x4d, 0, 0x2a, 0x7f, 0xff, 0xff, 0xf0];
const BROKEN_EXIF = [0xff, 0xe1, 0, 2 + EXIF.length + FAR_AWAY.length, ...EXIF, ...FAR_AWAY];

test.each([
  ["a JPEG", JPEG],
  ["a PNG", made(["-frames:v", "1", "-f", "image2pipe", "-c:v", "png"])],
  ["an animated PNG", made(["-f", "apng"])],
  ["a GIF", made(["-f", "gif"])],
  ["a JPEG with broken EXIF", jpegWith(...BROKEN_EXIF)],
  ["a JPEG with EXIF that ends at once", jpegWith(0xff, 0xe1, 0, 2 + EXIF.length, ...EXIF)],
  ["a JPEG with stray bytes between its segments", jpegWith(0, 0x12, 0x34, 0xff, 0xff)],
  ["a JPEG with a segment that is too short to be one", jpegWith(0xff, 0xe5, 0, 0)],
])("the size of %s is found", (_name, bytes) => {
  expect(pictureSize(bytes)).toMatchObject(SIZE);
});

test.each([
  ["nothing", new Uint8Array()],
  ["a JPEG without a frame header", JPEG.subarray(0, 20)],
  ["a text", new TextEncoder().encode("just words ".repeat(20))],
])("%s has no size", (_name, bytes) => {
  expect(pictureSize(bytes)).toBeNull();
});

test("the work for zeros after a JPEG's first marker grows only with their number", () => {
  const bytes = new Uint8Array(2_000_000);
  bytes.set([0xff, 0xd8]);
  expect(pictureSize(bytes)).toBeNull();
});
