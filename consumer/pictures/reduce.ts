/** Pixels of eight bits: red, green, blue, row by row. */
export interface Picture {
  readonly width: number;
  readonly height: number;
  readonly rgb: Uint8Array<ArrayBuffer>;
}

export interface Size {
  readonly width: number;
  readonly height: number;
}

/** Makes a picture smaller while its pixels are read, so that the large one is never in memory. */
export interface Reduction {
  /** Add pixels that are next to each other, the first at this place. Each place is added once. */
  add(place: { readonly x: number; readonly y: number }, rgb: Uint8Array, pixels: number): void;
  picture(): Picture;
}

/** Up to this factor, the sum of the bytes that become one byte fits in 16 bits. */
const SMALL_FACTOR = 16;

/** Reduce a picture by a whole factor with a box filter, so that no side exceeds `maxSide` pixels. */
export function reduceTo(maxSide: number, { width, height }: Size): Reduction {
  const factor = Math.ceil(Math.max(width, height) / maxSide);
  const reduced = { width: Math.ceil(width / factor), height: Math.ceil(height / factor) };
  const samples = reduced.width * reduced.height * 3;
  const sums = factor <= SMALL_FACTOR ? new Uint16Array(samples) : new Uint32Array(samples);
  return {
    add({ x, y }, rgb, pixels) {
      let at = (Math.floor(y / factor) * reduced.width + Math.floor(x / factor)) * 3;
      let left = factor - (x % factor);
      for (let from = 0; from < pixels * 3; from += 3) {
        sums[at] = (sums[at] ?? 0) + (rgb[from] ?? 0);
        sums[at + 1] = (sums[at + 1] ?? 0) + (rgb[from + 1] ?? 0);
        sums[at + 2] = (sums[at + 2] ?? 0) + (rgb[from + 2] ?? 0);
        left -= 1;
        if (left === 0) {
          left = factor;
          at += 3;
        }
      }
    },
    picture() {
      const rgb = new Uint8Array(samples);
      for (let y = 0, at = 0; y < reduced.height; y++) {
        const rows = Math.min(factor, height - y * factor);
        for (let x = 0; x < reduced.width; x++) {
          const pixels = rows * Math.min(factor, width - x * factor);
          for (const end = at + 3; at < end; at++) rgb[at] = Math.round((sums[at] ?? 0) / pixels);
        }
      }
      return { ...reduced, rgb };
    },
  };
}
