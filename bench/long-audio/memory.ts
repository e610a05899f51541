import { rm } from "node:fs/promises";
import { join } from "node:path";

import { type Figure, round } from "../report.ts";
import { AAC, OPUS } from "./containers.ts";
import { Finding } from "./finding.ts";
import { ffmpeg } from "./media.ts";
import { type Cutter, withRecording } from "./workerd.ts";

interface LongFormat {
  readonly name: string;
  readonly extension: string;
  readonly options: readonly string[];
  /** Encoded in one go, because its frames are numbered: copies laid end to end are not a valid file of this format. */
  readonly isEncodedWhole?: true;
}

/** Five minutes, repeated end to end. */
const PIECE_SECONDS = 300;
const LONG_PIECES = 36;
const SHORT_PIECES = 2;

const PCM = ["-ar", "16000", "-c:a", "pcm_s16le"];

export const LONG_FORMATS: readonly LongFormat[] = [
  { name: "wav", extension: "wav", options: PCM },
  // At 48 kHz all frames have the same length, so that copies laid end to end still have a constant bitrate.
  { name: "mp3", extension: "mp3", options: ["-ar", "48000", "-b:a", "64k"] },
  { name: "mp3Vbr", extension: "mp3", options: ["-q:a", "4"] },
  { name: "m4a", extension: "m4a", options: AAC },
  { name: "webm", extension: "webm", options: OPUS },
  { name: "flac", extension: "flac", options: ["-ar", "16000", "-c:a", "flac"], isEncodedWhole: true },
];

interface Measured {
  readonly peakMb: number;
  readonly planPeakMb: number;
  readonly isolateMb: number;
  readonly bytesReadRatio: number;
  readonly planReads: number;
  readonly maxReads: number;
  readonly meanReads: number;
  readonly chunks: number;
  readonly sizeMb: number;
}

/** Compare three hours with ten minutes of the same sound, each cut in its own workerd. */
export async function measureMemory(
  format: LongFormat,
  { folder, speech }: { folder: string; speech: string },
): Promise<readonly Figure[]> {
  const piece = join(folder, `piece.${format.isEncodedWhole ? "wav" : format.extension}`);
  const source = ["-t", String(PIECE_SECONDS), "-i", speech, "-ac", "1"];
  await ffmpeg([...source, ...(format.isEncodedWhole ? ["-c:a", "pcm_s16le"] : format.options), piece]);
  const withPieces = async <T>(pieces: number, run: Parameters<typeof withRecording<T>>[2]): Promise<T> => {
    const path = join(folder, `recording.${format.extension}`);
    const codec = format.isEncodedWhole ? format.options : ["-c", "copy"];
    await ffmpeg(["-stream_loop", String(pieces - 1), "-i", piece, ...codec, path]);
    try {
      return await withRecording(folder, path, run);
    } finally {
      await rm(path);
    }
  };
  const { short, again } = await withPieces(SHORT_PIECES, async (use) => ({
    short: await use({ collects: true }, (cutter) => cutAll(cutter)),
    again: await use({ collects: true }, (cutter) => cutAll(cutter, LONG_PIECES / SHORT_PIECES)),
  }));
  return withPieces(LONG_PIECES, async (use) => {
    const long = await use({ collects: true }, (cutter) => cutAll(cutter));
    const uncollected = await use({ collects: false }, (cutter) => cutAll(cutter));
    const tutorialMb = await use({ collects: false }, async ({ recording, ask, peakMb }) => {
      await ask({ verb: "slice", recording });
      return peakMb();
    });
    return toFigures(format.name, {
      short,
      againMb: again.peakMb,
      long,
      uncollectedMb: uncollected.peakMb,
      tutorialMb,
    });
  });
}

async function cutAll({ recording, ask, peakMb, isolateMb }: Cutter, times = 1): Promise<Measured> {
  const { plan, ...planned } = await ask({ verb: "plan", recording });
  if (plan?.type !== "chunks") throw new Finding(JSON.stringify(plan));
  const planPeakMb = await peakMb();
  let bytesRead = planned.bytesRead;
  const reads: number[] = [];
  for (const chunk of Array.from({ length: times }, () => plan.chunks).flat()) {
    const told = await ask({ verb: "cut", recording, chunk });
    bytesRead += told.bytesRead;
    reads.push(told.reads);
  }
  return {
    peakMb: await peakMb(),
    planPeakMb,
    isolateMb: isolateMb(),
    bytesReadRatio: bytesRead / recording.sizeBytes,
    planReads: planned.reads,
    maxReads: Math.max(...reads),
    meanReads: reads.reduce((sum, each) => sum + each, 0) / reads.length,
    chunks: reads.length,
    sizeMb: recording.sizeBytes / 1e6,
  };
}

interface Runs {
  readonly short: Measured;
  readonly long: Measured;
  /** The memory for ten minutes whose chunks are cut as often as three hours have chunks. */
  readonly againMb: number;
  readonly uncollectedMb: number;
  readonly tutorialMb: number;
}

function toFigures(name: string, { short, long, againMb, uncollectedMb, tutorialMb }: Runs): readonly Figure[] {
  return [
    {
      case: `longAudio.${name}.peakMemoryMb`,
      value: round(long.peakMb, 1),
      unit: "MiB",
      peer: round(againMb, 1),
      ratio: round(long.peakMb / againMb),
      target: "value <= 100, ratio <= 1.3",
      planPeakMb: round(long.planPeakMb, 1),
      isolateMb: round(long.isolateMb, 1),
      isolateTenMinutesMb: round(short.isolateMb, 1),
      tenMinutesOnceMb: round(short.peakMb, 1),
      ratioToOnce: round(long.peakMb / short.peakMb),
      uncollectedMb: round(uncollectedMb, 1),
      tutorialMb: round(tutorialMb, 1),
      sizeMb: round(long.sizeMb, 1),
      chunks: long.chunks,
    },
    {
      case: `longAudio.${name}.bytesReadRatio`,
      value: round(long.bytesReadRatio, 3),
      unit: "bytes read / bytes of the file",
      target: "value <= 1.3",
      tenMinutes: round(short.bytesReadRatio, 3),
    },
    {
      case: `longAudio.${name}.readsPerChunk`,
      value: long.maxReads,
      unit: "reads, most of any chunk",
      target: "value <= 12",
      mean: round(long.meanReads, 1),
      planReads: long.planReads,
      tenMinutes: short.maxReads,
    },
  ];
}
