import { imageSize } from "image-size";

/** How large a picture says it is. */
export interface PictureSize {
  readonly width: number;
  readonly height: number;
}

/**
 * Read a picture's size from its header, without decoding it.
 * @returns null for bytes without a header of a picture.
 */
export function pictureSize(bytes: Uint8Array): PictureSize | null {
  try {
    const { width, height } = imageSize(bytes);
    if (width > 0 && height > 0) return { width, height };
  } catch {
    // The library also reads EXIF, which decoders do not need, and throws if it is broken.
  }
  return bytes[0] === 0xff && bytes[1] === SOI ? jpegSize(bytes) : null;
}

const SOI = 0xd8;
const SOS = 0xda;
/** Markers that are not followed by a length (ITU-T T.81, table B.1): TEM, RSTn, SOI. */
const BARE = new Set([0x01, 0xd0, 0xd1, 0xd2, 0xd3, 0xd4, 0xd5, 0xd6, 0xd7, SOI]);

/** Find the frame header of a JPEG as decoders do: by its segments, passing over stray bytes between them (ITU-T T.81, B.2.2). */
function jpegSize(bytes: Uint8Array): PictureSize | null {
  const at = (offset: number) => bytes[offset] ?? 0;
  const uint16 = (offset: number) => (at(offset) << 8) | at(offset + 1);
  for (let offset = 2; offset + 9 <= bytes.length;) {
    const marker = at(offset + 1);
    if (at(offset) !== 0xff || marker === 0xff || marker === 0) {
      const next = bytes.indexOf(0xff, offset + 1);
      if (next < 0) return null;
      offset = next;
    } else if (BARE.has(marker)) {
      offset += 2;
    } else if (marker === SOS) {
      return null;
    } else if (isFrame(marker)) {
      const [height, width] = [uint16(offset + 5), uint16(offset + 7)];
      return height > 0 && width > 0 ? { width, height } : null;
    } else {
      offset += 2 + Math.max(2, uint16(offset + 2));
    }
  }
  return null;
}

/** SOF0 to SOF15, without DHT, JPG and DAC between them. */
function isFrame(marker: number): boolean {
  return marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker);
}
