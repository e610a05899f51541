import {
  BufferSource,
  BufferTarget,
  EncodedAudioPacketSource,
  EncodedPacketSink,
  FlacOutputFormat,
  Input,
  MATROSKA,
  Mp3OutputFormat,
  Mp4OutputFormat,
  MPEG_TS,
  OGG,
  OggOutputFormat,
  Output,
  WEBM,
  type AudioCodec,
  type EncodedPacket,
  type InputAudioTrack,
  type OutputFormat,
} from "mediabunny";

import {
  DamagedSource,
  SilentStretch,
  type ChunkFile,
  type Lost,
  type Missing,
  type Pause,
  type Times,
} from "./chunk.ts";
import { joinTimes, missingOf, uncovered, within } from "./missing.ts";
import { isQuiet, isSilent, isUnfinished, isUnwritten, quietAmong } from "./silence.ts";
import { renumberFile } from "../flac/flac.ts";
import { fixVorbisComment } from "../ogg/page.ts";
import type { Loudness } from "./cuts.ts";
import { pausesAmong, soundingMs, type Timed } from "./pauses.ts";
import { pcmFrameBytes, type PcmFormat } from "../wav/pcm.ts";
import { pcmFile } from "../wav/pcm-file.ts";
import { concatBytes } from "../reading/bytes.ts";
import type { Work } from "../reading/work.ts";

const NONE = new Uint8Array();

/** A longer time from one packet to the next is a hole. */
const HOLE_MS = 60;

/** Opening this many bytes takes no longer than visiting an element. */
const OPENED_BYTES = 64;

/** The work of reading a packet of bytes in memory, which takes a promise or two. */
const PACKET_ELEMENTS = 4;

/** The memory of a packet: an object with its times and its place. */
const PACKET_ENTRIES = 4;

/** Open a stretch of a container, with its headers in front, while `use` runs. The stretch must be small enough for memory. */
export async function withAudioTrack<T>(
  bytes: Uint8Array,
  work: Work,
  use: (track: InputAudioTrack | null) => Promise<T>,
): Promise<T> {
  // mediabunny has no limits, so the work that it may cause is counted before it reads.
  work.read(bytes.length);
  work.visit(bytes.length / OPENED_BYTES);
  const input = new Input({ source: new BufferSource(bytes), formats: [OGG, WEBM, MATROSKA, MPEG_TS] });
  try {
    return await use(await input.getPrimaryAudioTrack());
  } catch (error) {
    // All bytes are in memory, so an error is caused by the file, and would occur again.
    if (error instanceof DamagedSource || error instanceof SilentStretch) throw error;
    throw new DamagedSource("The file is damaged: its audio packets cannot be read.", { cause: error });
  } finally {
    input.dispose();
  }
}

// `packets()` is not used: it adapts its queue to a clock, and on Workers that clock stands still while code runs.
async function* packetsOf(track: InputAudioTrack, metadataOnly: boolean, work: Work): AsyncGenerator<EncodedPacket> {
  const sink = new EncodedPacketSink(track);
  for (
    let packet = await sink.getFirstPacket({ metadataOnly });
    packet !== null;
    packet = await sink.getNextPacket(packet, { metadataOnly })
  ) {
    work.visit(PACKET_ELEMENTS);
    yield packet;
  }
}

/** Return the number of bytes of the packets between two times. */
export async function packetSizes(
  bytes: Uint8Array,
  { zeroMs, startMs: fromMs, endMs: toMs }: Span,
  work: Work,
): Promise<readonly Loudness[]> {
  return withAudioTrack(bytes, work, async (track) => {
    const sizes: Loudness[] = [];
    if (track === null) return sizes;
    for await (const packet of packetsOf(track, true, work)) {
      const timeMs = packet.timestamp * 1000 - zeroMs;
      if (timeMs >= toMs) break;
      work.keep();
      if (timeMs >= fromMs) sizes.push({ timeMs, weight: packet.byteLength });
    }
    return sizes;
  });
}

/** Return the start of the first packet and the end of the last one. */
export async function audioSpan(
  bytes: Uint8Array,
  work: Work,
): Promise<{ readonly startMs: number; readonly endMs: number } | null> {
  return withAudioTrack(bytes, work, async (track) => {
    let startMs: number | null = null;
    let endMs = 0;
    if (track === null) return null;
    for await (const packet of packetsOf(track, true, work)) {
      startMs ??= packet.timestamp * 1000;
      endMs = (packet.timestamp + packet.duration) * 1000;
    }
    return startMs === null ? null : { startMs, endMs };
  });
}

export interface Span {
  /** The container time at the source's time 0. */
  readonly zeroMs: number;
  readonly startMs: number;
  readonly endMs: number;
}

/**
 * Copy the packets of a span into a file of their own; null if the span has none.
 * @param span with the parts that were lost in it.
 * @throws SilentStretch if all packets are silence.
 */
export async function remuxSpan(
  bytes: Uint8Array,
  {
    zeroMs,
    startMs,
    endMs,
    lost: lostBefore,
    channel,
    reachedMs,
  }: Span & {
    readonly lost: readonly Lost[];
    readonly channel?: number | undefined;
    /** When the last packet ends, by the container's own clock. */
    readonly reachedMs?: number | undefined;
  },
  work: Work,
): Promise<ChunkFile | null> {
  return withAudioTrack(bytes, work, async (track) => {
    const codec = track === null ? null : await track.getCodec();
    if (track === null || codec === null)
      throw new DamagedSource("The file has no audio track where its plan has one.");
    const pcm = pcmOf(codec, await track.getNumberOfChannels(), await track.getSampleRate());
    const packets: EncodedPacket[] = [];
    const lost: Times[] = [...lostBefore];
    const isCounted = codec === "vorbis" && lost.length > 0 && reachedMs !== undefined;
    const lateMs = isCounted ? reachedMs + zeroMs - (await lastEndMs(track, work)) : 0;
    const shiftMs = lateMs > HOLE_MS ? shiftsAt(lostBefore, lateMs) : () => 0;
    for await (const counted of packetsOf(track, false, work)) {
      const byMs = shiftMs(counted.timestamp * 1000 - zeroMs);
      const packet = byMs === 0 ? counted : counted.clone({ timestamp: counted.timestamp + byMs / 1000 });
      const timeMs = packet.timestamp * 1000 - zeroMs;
      const before = packets.at(-1);
      const isUnwrittenHere = pcm === null && isUnwritten(packet.data);
      if (before !== undefined && (isUnwrittenHere || lost.length > 0)) {
        const untilMs = (before.timestamp + before.duration) * 1000 - zeroMs;
        const isAtHole = isUnwrittenHere || timeMs - untilMs > HOLE_MS;
        if (pcm === null && isAtHole && isUnfinished(before.data)) {
          packets.pop();
          lost.push({ startMs: untilMs - Math.max(1, before.duration * 1000), endMs: untilMs });
        }
      }
      if (timeMs >= endMs - 1e-3) break;
      // Make a copy, because a view would keep the whole stretch in memory.
      if (timeMs + packet.duration * 1000 <= startMs + 1e-3) continue;
      if (isUnwrittenHere) {
        lost.push({ startMs: timeMs, endMs: timeMs + Math.max(1, packet.duration * 1000) });
        continue;
      }
      work.keep(PACKET_ENTRIES);
      work.hold(packet.data.length);
      packets.push(packet.clone({ data: packet.data.slice() }));
    }
    const [first] = packets;
    if (first === undefined && lost.length > 0)
      throw new DamagedSource("The file is damaged here: none of its sound can be read.");
    if (first === undefined) return null;
    const firstMs = first.timestamp * 1000 - zeroMs;
    const durations = soundingMs(lastingMs(packets));
    const durationMs = durations.reduce((sum, each) => sum + each, 0);
    const times = packets.map(({ timestamp }, index) => ({
      timeMs: timestamp * 1000,
      durationMs: durations[index] ?? 0,
    }));
    const pauses = pausesAmong(times);
    const played = times.map((time) => ({ ...time, timeMs: time.timeMs - zeroMs }));
    const filled = within(joinTimes(lostBefore.filter(({ isFilled }) => isFilled === true)), { startMs, endMs });
    const missing = [
      ...missingOf(uncovered(played, { startMs, endMs }), lost),
      ...filled.map((one): Missing => ({ startMs: one.startMs, endMs: one.endMs, reason: "damaged" })),
    ];
    if (pcm !== null) {
      const file = pcmFile(pcm, channel);
      // The end of a packet does not have to be the end of a frame.
      const data = concatBytes(packets.map((packet) => packet.data));
      file.push(data.subarray(0, data.length - (data.length % pcmFrameBytes(pcm))));
      return { ...file.end(firstMs), pauses, missing };
    }
    const sounds = packets.filter(({ data }) => !isSilent(codec, data));
    if (sounds.length === 0 && filled.length > 0)
      throw new DamagedSource("The file is damaged here: none of its sound can be read.");
    if (sounds.length === 0) throw new SilentStretch("The recording is digital silence here.");
    const sampleRate = await track.getSampleRate();
    const quiet = quietAmong(played, (index) => {
      const soundMs = durations[index] ?? 0;
      const samples = (soundMs * sampleRate) / 1000;
      return isQuiet(codec, packets[index]?.data ?? NONE, { durationMs: soundMs, samples });
    });
    const closed = withoutPauses(packets, times, pauses);
    const { bytes: file, contentType } = await writePackets(codec, closed, await track.getDecoderConfig());
    const written = await mended(codec, file, pauses, work);
    return { bytes: written, contentType, startMs: firstMs, durationMs, pauses, missing, quiet };
  });
}

async function lastEndMs(track: InputAudioTrack, work: Work): Promise<number> {
  let endMs = 0;
  for await (const { timestamp, duration } of packetsOf(track, true, work)) endMs = (timestamp + duration) * 1000;
  return endMs;
}

/**
 * Return how much later a packet is than its count of samples. mediabunny counts the samples of Vorbis from the first page, and ignores
 * missing pages. The total missing time is divided among the holes by their lengths.
 */
function shiftsAt(lost: readonly Lost[], missingMs: number): (countedMs: number) => number {
  const claimedMs = lost.reduce((sum, { startMs, endMs }) => sum + endMs - startMs, 0);
  let beforeMs = 0;
  const holes = lost.map(({ startMs, endMs }) => {
    const fromMs = startMs - beforeMs;
    const lengthMs = ((endMs - startMs) / Math.max(1, claimedMs)) * missingMs;
    beforeMs += lengthMs;
    return { fromMs, lengthMs };
  });
  return (countedMs) =>
    holes.reduce((sum, { fromMs, lengthMs }) => (countedMs >= fromMs - 1 ? sum + lengthMs : sum), 0);
}

/**
 * Return the duration of each packet. The last packet of a Matroska cluster does not store it, so it lasts until the next packet. A guess
 * would be wrong by the rounding of the times, which adds up if clusters are short.
 */
function lastingMs(packets: readonly Pick<EncodedPacket, "timestamp" | "duration">[]): readonly number[] {
  return packets.map(({ timestamp, duration }, index) => {
    const next = packets[index + 1];
    return (duration > 0 || next === undefined ? duration : next.timestamp - timestamp) * 1000;
  });
}

/** Return the packets with the times at which a decoder plays them, which ignores pauses. */
function withoutPauses(
  packets: readonly EncodedPacket[],
  times: readonly Timed[],
  pauses: readonly Pause[],
): readonly EncodedPacket[] {
  const zeroMs = times[0]?.timeMs ?? 0;
  let atMs = 0;
  let before = 0;
  let lateMs = 0;
  return packets.map((packet, index) => {
    const { timeMs, durationMs } = times[index] ?? { timeMs: 0, durationMs: 0 };
    for (let pause = pauses[before]; pause !== undefined && pause.atMs < atMs + 1e-3; pause = pauses[before]) {
      lateMs += pause.lengthMs;
      before += 1;
    }
    const timestamp = (timeMs - zeroMs - lateMs) / 1000;
    atMs += durationMs;
    return packet.clone({ timestamp, duration: durationMs / 1000 });
  });
}

/** Write packets into a file of their own, in the format that `outputOf` names for their codec. */
export async function writePackets(
  codec: AudioCodec,
  packets: readonly EncodedPacket[],
  decoderConfig: AudioDecoderConfig | null,
): Promise<Pick<ChunkFile, "bytes" | "contentType">> {
  const { format, contentType } = outputOf(codec, packets[0]?.data ?? NONE);
  const target = new BufferTarget();
  const output = new Output({ format, target });
  const source = new EncodedAudioPacketSource(codec);
  output.addAudioTrack(source);
  await output.start();
  for (const packet of packets) {
    await (decoderConfig === null ? source.add(packet) : source.add(packet, { decoderConfig }));
  }
  await output.finalize();
  if (target.buffer === null) throw new Error("mediabunny finished a file without bytes.");
  return { bytes: new Uint8Array(target.buffer), contentType };
}

/** Correct what mediabunny copies unchanged from the recording. */
async function mended(codec: AudioCodec, file: Uint8Array, pauses: readonly Pause[], work: Work): Promise<Uint8Array> {
  if (codec === "vorbis") return fixVorbisComment(file);
  // With a pause left out, renumbering would write silence in its place.
  if (codec === "flac" && pauses.length === 0) return renumberFile(file, work);
  return file;
}

/** The layer in the second byte of a frame of MPEG audio (ISO/IEC 11172-3, 2.4.2.3). */
const LAYER_III = 0x02;

/** Return the format that most decoders read: FFmpeg and, if the codec allows it, libsndfile. */
function outputOf(
  codec: AudioCodec,
  first: Uint8Array,
): { readonly format: OutputFormat; readonly contentType: string } {
  if (codec === "opus" || codec === "vorbis") return { format: new OggOutputFormat(), contentType: "audio/ogg" };
  if (codec === "mp3") {
    // A frame that counts the others is known only in layer III: a decoder of layer II plays it, so that all sound is late.
    const xingHeader = ((first[1] ?? 0) & 0x06) === LAYER_III;
    return { format: new Mp3OutputFormat({ xingHeader }), contentType: "audio/mpeg" };
  }
  if (codec === "flac") return { format: new FlacOutputFormat(), contentType: "audio/flac" };
  return { format: new Mp4OutputFormat({ fastStart: "in-memory" }), contentType: "audio/mp4" };
}

/** Return the format for a PCM name of mediabunny: pcm-s16, pcm-s24be, pcm-f32, pcm-u8, ulaw, … */
function pcmOf(codec: AudioCodec, channels: number, sampleRate: number): PcmFormat | null {
  if (codec === "ulaw" || codec === "alaw") {
    return { encoding: codec, bytesPerSample: 1, littleEndian: true, channels, sampleRate };
  }
  const match = /^pcm-([suf])(\d+)(be)?$/.exec(codec);
  if (match === null) return null;
  const encoding = match[1] === "f" ? "float" : match[1] === "u" ? "uint8" : "int";
  return { encoding, bytesPerSample: Number(match[2]) / 8, littleEndian: match[3] === undefined, channels, sampleRate };
}
