import { flacGenerator } from "./flac.ts";
import { matroskaGenerator } from "./matroska.ts";
import { mp4Generator } from "./mp4.ts";
import { adtsGenerator, mp3Generator } from "./mpeg-audio.ts";
import { mpegTsGenerator } from "./mpegts.ts";
import { oggGenerator } from "./ogg.ts";
import type { Generator } from "./shape.ts";
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
