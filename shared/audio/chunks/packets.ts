// The packets of a container, read and written by mediabunny.
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

import { DamagedSource, SilentStretch, type ChunkFile } from "./chunk.ts";
import type { Loudness } from "./cuts.ts";
import type { Work } from "../reading/work.ts";

const NONE = new Uint8Array();

/** Opening this many bytes takes no longer than visiting an element. */
const OPENED_BYTES = 64;

/** The work of reading a packet of bytes in memory, which takes a promise or two. */
const PACKET_ELEMENTS = 4;

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
export async function* packetsOf(
  track: InputAudioTrack,
  metadataOnly: boolean,
  work: Work,
): AsyncGenerator<EncodedPacket> {
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
