import { concatBytes } from "../../shared/audio/reading/bytes.ts";
import type { Picture } from "./reduce.ts";

/** Portable Network Graphics, W3C Recommendation, third edition: 5.2, 11.2.1. */
const SIGNATURE = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];
const RGB = 2;
const BITS = 8;
/** The filter that stores the difference to the pixel on the left (9.2). Photographs take a quarter less with it. */
const SUB = 1;

/** Write a picture as PNG. It takes as many bytes as the pixels, and some hundred more at most. */
export async function writePng({ width, height, rgb }: Picture): Promise<Uint8Array> {
  const header = new DataView(new ArrayBuffer(13));
  header.setUint32(0, width);
  header.setUint32(4, height);
  header.setUint8(8, BITS);
  header.setUint8(9, RGB);
  const pixels = await deflate(filterRows(rgb, width * 3));
  return concatBytes([
    Uint8Array.from(SIGNATURE),
    chunk("IHDR", new Uint8Array(header.buffer)),
    chunk("IDAT", pixels),
    chunk("IEND", new Uint8Array()),
  ]);
}

function filterRows(rgb: Uint8Array, rowBytes: number): Uint8Array<ArrayBuffer> {
  const rows = rgb.length / rowBytes;
  const filtered = new Uint8Array(rgb.length + rows);
  for (let row = 0, to = 0, from = 0; row < rows; row++) {
    filtered[to++] = SUB;
    for (let column = 0; column < rowBytes; column++, from++) {
      filtered[to++] = (rgb[from] ?? 0) - (column < 3 ? 0 : (rgb[from - 3] ?? 0));
    }
  }
  return filtered;
}

async function deflate(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array> {
  const stream = new Response(bytes).body?.pipeThrough(new CompressionStream("deflate"));
  return new Uint8Array(await new Response(stream ?? null).arrayBuffer());
}

function chunk(name: string, body: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(body.length + 12);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, body.length);
  for (let at = 0; at < 4; at++) bytes[4 + at] = name.charCodeAt(at);
  bytes.set(body, 8);
  view.setUint32(8 + body.length, crc32(bytes.subarray(4, 8 + body.length)));
  return bytes;
}

/** Annex D. */
const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? 0xedb88320 ^ (crc >>> 1) : crc >>> 1;
  return crc;
});

function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = (CRC_TABLE[(crc ^ byte) & 0xff] ?? 0) ^ (crc >>> 8);
  return (crc ^ 0xffffffff) >>> 0;
}
