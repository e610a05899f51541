import { viewOf } from "../../../shared/audio/reading/bytes.ts";
import type { Layout } from "./layout.ts";

export type ToRgb = (row: Uint8Array, pixels: number, rgb: Uint8Array) => void;

/** Return the function that writes the pixels of a row, of eight bits. It changes a row whose samples are differences. */
export function rowToRgb(layout: Layout): ToRgb {
  const { bits, samples, colours, isLittleEndian, isDifferenced } = layout;
  const convert = bits === 16 ? rowOf16(samples, colours === "rgb", isLittleEndian) : rowOf8(layout);
  const isInverted = colours === "white is zero";
  return (row, pixels, rgb) => {
    if (isDifferenced && bits === 16) addUp16(row, pixels * samples, samples, isLittleEndian);
    else if (isDifferenced) addUp8(row, pixels * samples, samples);
    convert(row, pixels, rgb);
    if (isInverted) for (let at = 0; at < pixels * 3; at++) rgb[at] = 255 - (rgb[at] ?? 0);
  };
}

/** Only the upper byte of a value of sixteen bits counts. */
function rowOf16(samples: number, isRgb: boolean, isLittleEndian: boolean): ToRgb {
  const upper = isLittleEndian ? 1 : 0;
  const [green, blue] = isRgb ? [2, 4] : [0, 0];
  return (row, pixels, rgb) => {
    for (let pixel = 0, at = upper, to = 0; pixel < pixels; pixel++, at += samples * 2, to += 3) {
      rgb[to] = row[at] ?? 0;
      rgb[to + 1] = row[at + green] ?? 0;
      rgb[to + 2] = row[at + blue] ?? 0;
    }
  };
}

function rowOf8({ bits, samples, colours, palette }: Layout): ToRgb {
  if (colours === "rgb") {
    return (row, pixels, rgb) => {
      for (let pixel = 0, at = 0, to = 0; pixel < pixels; pixel++, at += samples, to += 3) {
        rgb[to] = row[at] ?? 0;
        rgb[to + 1] = row[at + 1] ?? 0;
        rgb[to + 2] = row[at + 2] ?? 0;
      }
    };
  }
  const most = (1 << bits) - 1;
  const colour = (value: number, plane: number) =>
    colours === "palette" ? (palette[(plane << bits) + value] ?? 0) : Math.round((value * 255) / most);
  const table = Uint8Array.from({ length: 3 << bits }, (_, index) => colour(Math.floor(index / 3), index % 3));
  // Pixels of less than a byte have one sample.
  const step = bits * samples;
  return (row, pixels, rgb) => {
    for (let pixel = 0, bit = 0, to = 0; pixel < pixels; pixel++, bit += step, to += 3) {
      const value = ((row[bit >> 3] ?? 0) >> (8 - bits - (bit & 7))) & most;
      rgb[to] = table[value * 3] ?? 0;
      rgb[to + 1] = table[value * 3 + 1] ?? 0;
      rgb[to + 2] = table[value * 3 + 2] ?? 0;
    }
  };
}

function addUp8(row: Uint8Array, values: number, samples: number): void {
  for (let at = samples; at < values; at++) row[at] = (row[at] ?? 0) + (row[at - samples] ?? 0);
}

function addUp16(row: Uint8Array, values: number, samples: number, isLittleEndian: boolean): void {
  const view = viewOf(row);
  for (let at = samples; at < values; at++) {
    const sum = view.getUint16(at * 2, isLittleEndian) + view.getUint16((at - samples) * 2, isLittleEndian);
    view.setUint16(at * 2, sum & 0xffff, isLittleEndian);
  }
}
