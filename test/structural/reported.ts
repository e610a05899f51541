import { IS_LONG } from "../long.ts";
import { GENERATORS } from "./generators.ts";
import type { Generator, StructuralCase } from "./shape.ts";

/** A file that caused harm or must be refused, as a case of the generator with this many bytes. */
export interface Reported {
  readonly name: string;
  readonly container: string;
  readonly of: string;
  readonly sizeBytes: number;
  readonly outcome: string;
  /** Whether it takes seconds, so that only `npm run test:long` runs it. */
  readonly isSlow?: true;
  /** The most work that planning or cutting it may take. */
  readonly most: { readonly elements: number; readonly bytes: number; readonly entries: number };
}

const MB = 1_000_000;
const FEW = { elements: 1_000, bytes: MB, entries: 1_000 };

const ALL: readonly Reported[] = [
  {
    name: "a Matroska file of 59 bytes whose time scale has no size is refused",
    container: "matroska",
    of: "a time scale of unknown size",
    sizeBytes: 0,
    outcome: "refused: damaged",
    most: FEW,
  },
  {
    name: "a Matroska file with times before its first cluster is planned, and does not hang",
    container: "matroska",
    of: "empty timestamps",
    sizeBytes: 240_000,
    outcome: "2 chunks",
    most: { elements: 200_000, bytes: 4 * MB, entries: 10_000 },
  },
  {
    name: "an MP4 whose tables claim 2^32 samples of a byte is refused",
    container: "mp4",
    of: "2^32 packets of a byte",
    sizeBytes: 0,
    outcome: "refused: too_complex",
    most: FEW,
  },
  {
    name: "8 MB of the smallest Ogg pages between two seconds of speech are planned",
    container: "ogg",
    of: "pages without segments",
    sizeBytes: 8 * MB,
    outcome: "6 chunks",
    most: { elements: 700_000, bytes: 8 * MB, entries: 150_000 },
  },
  {
    name: "20 MB of MP4 boxes of 8 bytes are refused",
    container: "mp4",
    of: "boxes of 8 bytes",
    sizeBytes: 20 * MB,
    outcome: "refused: too_complex",
    most: { elements: 3_600_000, bytes: 4 * MB, entries: 1_000 },
  },
  {
    name: "18.8 MB of empty PSI packets of MPEG-TS are refused",
    container: "mpegts",
    of: "empty tables",
    sizeBytes: 18.8 * MB,
    outcome: "refused: too_complex",
    most: { elements: 1_000_000, bytes: 170 * MB, entries: 1_000 },
  },
  {
    name: "a WAV of 60 kB at 1 Hz is refused",
    container: "wav",
    of: "60 kB at 1 Hz in 1 channels",
    sizeBytes: 0,
    outcome: "refused: sampling_rate_too_low",
    most: FEW,
  },
  ...(
    [
      ["wav", "60 kB at 3999 Hz in 1 channels"],
      ["flac", "240 frames at 3999 Hz"],
      ["mp4", "PCM of 3999 Hz"],
      ["matroska", "PCM of 3999 Hz"],
      ["ogg", "Vorbis of 3999 Hz"],
    ] as const
  ).map(([container, of]) => ({
    name: `${container}: speech of 3,999 samples a second is refused`,
    container,
    of,
    sizeBytes: 0,
    outcome: "refused: sampling_rate_too_low",
    most: FEW,
  })),
  {
    name: "25 MB of Matroska clusters with a time each and no sound are refused, and do not hang",
    container: "matroska",
    of: "clusters with a time each",
    isSlow: true,
    sizeBytes: 25 * MB,
    outcome: "refused: too_complex",
    most: { elements: 4_500_000, bytes: 40 * MB, entries: 400_000 },
  },
  {
    name: "files of a few frames laid end to end, each a call to the model, are refused",
    container: "flac",
    of: "joined files",
    sizeBytes: 300_000,
    outcome: "refused: too_many_calls",
    most: { elements: 300_000, bytes: 70 * MB, entries: 50_000 },
  },
];

export const REPORTED = ALL.filter(({ isSlow }) => IS_LONG || isSlow !== true);

export const reportedGenerator: Generator = {
  container: "reported",
  skeletons: [],
  special: () =>
    REPORTED.map(({ name, container, of, sizeBytes }) => ({ name, source: sourceOf(container, of, sizeBytes) })),
};

function sourceOf(container: string, of: string, sizeBytes: number): StructuralCase["source"] {
  const generator = GENERATORS.find((one) => one.container === container);
  const found = generator?.special(sizeBytes).find(({ name }) => name === of);
  if (found === undefined) throw new Error(`${container} has no case '${of}'.`);
  return found.source;
}
