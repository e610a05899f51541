import { concatBytes, textBytes, viewOf } from "../reading/bytes.ts";
import { SilentStretch, type ChunkFile } from "../chunks/chunk.ts";
import { joinTimes, missingOf, uncovered } from "../chunks/missing.ts";
import { pausesAmong, soundingMs } from "../chunks/pauses.ts";
import { isQuiet, isSilent, quietAmong } from "../chunks/silence.ts";

export interface Packet {
  readonly data: Uint8Array;
  readonly duration: number;
}

export interface M4a {
  /** The source's own entry of `stsd`, with its box header, so that the codec's set-up is complete. */
  readonly sampleEntry: Uint8Array;
  readonly timescale: number;
  readonly packets: readonly Packet[];
  /** Whether sample entries have the layout of QuickTime. Readers decide by the brand of the file. */
  readonly isQuickTime?: boolean;
}

/** A packet with its media time, after the edit list. */
export interface TimedPacket extends Packet {
  readonly ticks: number;
}

/** A packet that the index names and the file does not have. */
export type LostPacket = Pick<TimedPacket, "ticks" | "duration">;

/**
 * Write a file of the packets that sound between two times. Null if there are none.
 * @throws SilentStretch if all packets are the codec's silence.
 */
export function cutM4a(
  {
    packets,
    lost,
    codec,
    ...track
  }: Omit<M4a, "packets"> & {
    readonly packets: readonly TimedPacket[];
    readonly lost: readonly LostPacket[];
    readonly codec: string;
  },
  { startMs, endMs }: { readonly startMs: number; readonly endMs: number },
): ChunkFile | null {
  const { timescale } = track;
  const durations = soundingMs(packets.map(({ duration }) => (duration / timescale) * 1000));
  const sounding = packets
    .map(({ data, ticks }, index) => ({ data, timeMs: (ticks / timescale) * 1000, durationMs: durations[index] ?? 0 }))
    .filter(({ timeMs, durationMs }) => timeMs + durationMs > startMs + 1e-3 && timeMs < endMs);
  const [first] = sounding;
  if (first === undefined) return null;
  if (sounding.every(({ data }) => isSilent(codec, data)))
    throw new SilentStretch("The recording is digital silence here.");
  const lostTimes = lost.map(({ ticks, duration }) => {
    const timeMs = (ticks / timescale) * 1000;
    return { startMs: timeMs, endMs: timeMs + Math.max(1, (duration / timescale) * 1000) };
  });
  return {
    bytes: writeM4a({
      ...track,
      packets: sounding.map(({ data, durationMs }) => ({
        data,
        duration: Math.round((durationMs * timescale) / 1000),
      })),
    }),
    contentType: "audio/mp4",
    startMs: first.timeMs,
    durationMs: sounding.reduce((sum, { durationMs }) => sum + durationMs, 0),
    pauses: pausesAmong(sounding),
    missing: missingOf(uncovered(sounding, { startMs, endMs }), joinTimes(lostTimes)),
    quiet: quietAmong(sounding, (index) => {
      const { data, durationMs } = sounding[index] ?? first;
      return isQuiet(codec, data, { durationMs, samples: (durationMs * timescale) / 1000 });
    }),
  };
}

export function box(name: string, ...parts: readonly Uint8Array[]): Uint8Array {
  const head = new Uint8Array(8);
  viewOf(head).setUint32(0, 8 + parts.reduce((sum, part) => sum + part.length, 0));
  head.set(textBytes(name), 4);
  return concatBytes([head, ...parts]);
}

/** Write a file of one audio track, with the index first. */
export function writeM4a({ sampleEntry, timescale, packets, isQuickTime = false }: M4a): Uint8Array {
  const duration = packets.reduce((sum, packet) => sum + packet.duration, 0);
  const brand = isQuickTime ? "qt  " : "M4A ";
  const ftyp = box("ftyp", textBytes(brand), words(0x200), textBytes(`${brand}${isQuickTime ? "" : "isommp42"}`));
  const moov = (dataOffset: number) =>
    box(
      "moov",
      box("mvhd", words(0, 0, 0, timescale, duration, 0x10000, 0x01000000, 0, 0), MATRIX, words(0, 0, 0, 0, 0, 0, 2)),
      box(
        "trak",
        box("tkhd", words(3, 0, 0, 1, 0, duration, 0, 0, 0, 0x01000000), MATRIX, words(0, 0)),
        box(
          "mdia",
          box("mdhd", words(0, 0, 0, timescale, duration, 0x55c40000)),
          box("hdlr", words(0, 0), textBytes("soun"), words(0, 0, 0), textBytes("sound\0")),
          box(
            "minf",
            box("smhd", words(0, 0)),
            box("dinf", box("dref", words(0, 1), box("url ", words(1)))),
            box(
              "stbl",
              box("stsd", words(0, 1), sampleEntry),
              box("stts", words(0), wordsOf(runLengths(packets.map((packet) => packet.duration)))),
              box("stsc", words(0, 1, 1, packets.length, 1)),
              box("stsz", words(0, 0, packets.length), wordsOf(packets.map((packet) => packet.data.length))),
              box("stco", words(0, 1, dataOffset)),
            ),
          ),
        ),
      ),
    );
  const dataOffset = ftyp.length + moov(0).length + 8;
  return concatBytes([ftyp, moov(dataOffset), box("mdat", concatBytes(packets.map((packet) => packet.data)))]);
}

const MATRIX = words(0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000);

function words(...values: readonly number[]): Uint8Array {
  return wordsOf(values);
}

/** Write numbers as words of 32 bits. The list may have an entry for every packet, so it is not passed as arguments. */
function wordsOf(values: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(values.length * 4);
  const view = viewOf(bytes);
  for (const [index, value] of values.entries()) view.setUint32(index * 4, value);
  return bytes;
}

/** Return the number of runs, then the count and value of each. */
function runLengths(values: readonly number[]): readonly number[] {
  const runs: { count: number; readonly value: number }[] = [];
  for (const value of values) {
    const last = runs.at(-1);
    if (last?.value === value) last.count += 1;
    else runs.push({ count: 1, value });
  }
  return [runs.length, ...runs.flatMap(({ count, value }) => [count, value])];
}
