import { flacGenerator } from "./flac.ts";
import { matroskaGenerator } from "./matroska.ts";
import { mp4Generator } from "./mp4.ts";
import { adtsGenerator, mp3Generator } from "./mpeg-audio.ts";
import { mpegTsGenerator } from "./mpegts.ts";
import { neverEnds } from "./never-ends.ts";
import { oggGenerator } from "./ogg.ts";
import { type Generator, type StructuralCase, systematic } from "./shape.ts";
import { wavGenerator } from "./wav.ts";

export const GENERATORS: readonly Generator[] = [
  wavGenerator,
  mp3Generator,
  adtsGenerator,
  flacGenerator,
  oggGenerator,
  matroskaGenerator,
  mp4Generator,
  mpegTsGenerator,
];

/** In the same order every time, so that a number names a case. */
export function casesOf(container: string, quantityBytes: number): readonly StructuralCase[] {
  const generator = [...GENERATORS, neverEnds].find((one) => one.container === container);
  if (generator === undefined) throw new Error(`There is no generator for '${container}'.`);
  return [...systematic(generator), ...generator.special(quantityBytes)];
}
