import { adts } from "./adts/adts.ts";
import { aiff } from "./aiff/aiff.ts";
import { au } from "./au/au.ts";
import { caf } from "./caf/caf.ts";
import type { Container } from "./chunks/container.ts";
import { flac } from "./flac/flac.ts";
import { m2ts } from "./m2ts/m2ts.ts";
import { matroska } from "./matroska/matroska.ts";
import { mp3 } from "./mp3/mp3.ts";
import { fmp4 } from "./mp4/fmp4.ts";
import { mp4 } from "./mp4/mp4.ts";
import { mpegts } from "./mpegts/mpegts.ts";
import { ogg } from "./ogg/ogg.ts";
import { wav } from "./wav/wav.ts";

/** Every supported container. A new one needs a folder and a line here. Planning, cutting and estimates use this list. */
export const CONTAINERS = [
  wav,
  aiff,
  au,
  caf,
  flac,
  ogg,
  matroska,
  mp4,
  fmp4,
  mpegts,
  m2ts,
  mp3,
  adts,
] as const satisfies readonly Container[];

export type ContainerName = (typeof CONTAINERS)[number]["name"];

/** @param name the container's name in a plan or in a chunk's `extra`. */
export function containerNamed(name: string): Container {
  const found: Container | undefined = CONTAINERS.find((one) => one.name === name);
  if (found === undefined) throw new Error(`No container is called '${name}'.`);
  return found;
}
