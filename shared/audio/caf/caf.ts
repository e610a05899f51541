import { EncodedPacket } from "mediabunny";
import * as z from "zod";

import { asciiAt, byteAt, textBytes, viewOf } from "../reading/bytes.ts";
import { readWithin, type ByteSource } from "../reading/byte-source.ts";
import { DamagedSource, type AudioPlan, type ChunkFile, type ChunkPlan } from "../chunks/chunk.ts";
import type { Container } from "../chunks/container.ts";
import { longestChunkMs, planCuts } from "../chunks/cuts.ts";
import { cutOff } from "../chunks/missing.ts";
import { READ_BYTES, type CallLimits } from "../chunks/limits.ts";
import { writePackets } from "../chunks/packets.ts";
import { readHeld } from "../reading/counted-source.ts";
import { extractPcm, pcmContainer, planPcm } from "../wav/pcm-cutter.ts";
import type { Work } from "../reading/work.ts";
import { type CafPackets, OPUS_RATE, readCaf } from "./header.ts";

/** Where a chunk's packets begin; null for plain samples, whose place follows from their time. */
const CafExtra = z.object({
  type: z.literal("caf"),
  v: z.literal(1),
  opus: z.object({ firstPacket: z.number(), packets: z.number(), tableAt: z.number(), dataAt: z.number() }).nullable(),
});
type CafExtra = z.infer<typeof CafExtra>;

/** A packet of Opus has at most 61,440 bytes (RFC 6716, section 3.2.5). */
const MAX_SIZE_BYTES = 3;

async function planCaf(source: ByteSource, limits: CallLimits, work: Work): Promise<AudioPlan<CafExtra>> {
  const caf = await readCaf(source, work);
  if ("type" in caf) return caf;
  if (caf.is === "opus") return planOpus(source, caf, limits, work);
  const planned = await planPcm(source, { name: "caf", layout: caf, limits }, work);
  if (planned.type !== "chunks") return planned;
  const chunks = planned.chunks.map((chunk) => ({ ...chunk, extra: { type: "caf", v: 1, opus: null } as const }));
  return { ...planned, container: "caf", chunks };
}

async function planOpus(
  source: ByteSource,
  caf: CafPackets,
  limits: CallLimits,
  work: Work,
): Promise<AudioPlan<CafExtra>> {
  const msAt = (packet: number) => ((packet * caf.samplesPerPacket - caf.primingSamples) / OPUS_RATE) * 1000;
  const durationMs = msAt(caf.packets);
  const bytesPerSecond = (caf.data.length / durationMs) * 1000;
  const cuts = await planCuts(durationMs, longestChunkMs(bytesPerSecond, limits), () => [], work);
  const spans = cuts.map((cut) => ({
    cut,
    from: Math.floor(packetAt(cut.startMs, caf)),
    to: Math.min(caf.packets, Math.ceil(packetAt(cut.endMs, caf))),
  }));
  // Neighbouring chunks overlap. Each place is looked up in a single pass over the table.
  const wanted = new Set(spans.flatMap(({ from, to }) => [from, to]));
  const places = new Map<number, Place>();
  let held = 0;
  await eachSize(source, caf, work, (place) => {
    if (wanted.has(place.packet)) places.set(place.packet, place);
    if (place.dataAt + place.bytes > caf.data.length) return false;
    held = place.packet + 1;
    return true;
  });
  const chunks = spans.flatMap(({ cut, from, to }) => {
    const first = places.get(from);
    if (first === undefined || from >= held) return [];
    const next = to < held ? places.get(to) : undefined;
    const stop = next?.dataAt ?? caf.data.length;
    const opus = {
      firstPacket: from,
      packets: Math.min(to, held) - from,
      tableAt: first.tableAt,
      dataAt: caf.data.offset + first.dataAt,
    };
    const bytes = { offset: opus.dataAt, length: stop - first.dataAt };
    return [{ ...cut, bytes, extra: { type: "caf", v: 1, opus } as const }];
  });
  const gaps = cutOff(Math.min(durationMs, msAt(held)), durationMs);
  return { type: "chunks", container: "caf", codec: "opus", durationMs, chunks, gaps };
}

/** Return the packet at a time. The first packet also contains the priming samples before the recording. */
function packetAt(ms: number, { primingSamples, samplesPerPacket }: CafPackets): number {
  return ms <= 0 ? 0 : ((ms / 1000) * OPUS_RATE + primingSamples) / samplesPerPacket;
}

interface Place {
  readonly packet: number;
  readonly bytes: number;
  /** The offset of the packet's size in the file, and the offset of the packet in the data. */
  readonly tableAt: number;
  readonly dataAt: number;
}

/** Step over the table of sizes once, until the table or the data ends. */
async function eachSize(
  source: ByteSource,
  caf: CafPackets,
  work: Work,
  see: (place: Place) => boolean,
): Promise<void> {
  const end = caf.table.offset + caf.table.length;
  let dataAt = 0;
  let packet = 0;
  for (let at = caf.table.offset; at < end && packet < caf.packets;) {
    const bytes = await readWithin(source, at, Math.min(READ_BYTES, end - at));
    if (bytes.length === 0) return;
    let local = 0;
    while (packet < caf.packets && local < bytes.length) {
      const size = sizeAt(bytes, local);
      // A size that continues after these bytes is read with the next bytes.
      if (size === null) break;
      work.visit(1 / 8);
      if (!see({ packet, bytes: size.value, tableAt: at + local, dataAt })) return;
      dataAt += size.value;
      packet += 1;
      local += size.length;
    }
    if (local === 0) throw new DamagedSource("The CAF file is damaged: its table of packets cannot be read.");
    at += local;
  }
}

/** Read a number of seven bits a byte, the highest first. The last byte does not have the top bit set. */
function sizeAt(bytes: Uint8Array, at: number): { readonly value: number; readonly length: number } | null {
  let value = 0;
  for (let length = 1; length <= MAX_SIZE_BYTES && at + length <= bytes.length; length++) {
    const byte = byteAt(bytes, at + length - 1);
    value = value * 128 + (byte & 0x7f);
    if (byte < 0x80) return { value, length };
  }
  return null;
}

async function extractCaf(source: ByteSource, chunk: ChunkPlan<CafExtra>, work: Work): Promise<ChunkFile> {
  const caf = await readCaf(source, work);
  if ("type" in caf) throw new DamagedSource(caf.message);
  if (caf.is === "pcm") return extractPcm(source, chunk, caf);
  const { opus } = chunk.extra;
  if (opus === null || chunk.bytes === undefined) throw new DamagedSource("The CAF file is not as planned.");
  const tableBytes = { offset: opus.tableAt, length: opus.packets * MAX_SIZE_BYTES };
  const sizes = await readHeld(source, tableBytes, work);
  const data = await readHeld(source, chunk.bytes, work);
  // The request may be for a part of the planned chunk: half of a chunk that is too large for a call, or a stretch for a person.
  const [from, to] = [Math.floor(packetAt(chunk.startMs, caf)), Math.ceil(packetAt(chunk.endMs, caf))];
  const firstPacket = Math.max(opus.firstPacket, from);
  const packets: Uint8Array[] = [];
  let [tableAt, dataAt] = [0, 0];
  for (let packet = opus.firstPacket; packet < Math.min(opus.firstPacket + opus.packets, to); packet++) {
    work.visit();
    const size = sizeAt(sizes, tableAt);
    if (size === null || dataAt + size.value > data.length) break;
    if (packet >= firstPacket) packets.push(data.subarray(dataAt, dataAt + size.value));
    tableAt += size.length;
    dataAt += size.value;
  }
  if (packets.length === 0)
    throw new DamagedSource("The CAF file has no packet of sound at a place where its plan has one.");
  // Only the beginning of the recording has priming samples.
  const skipped = firstPacket === 0 ? caf.primingSamples : 0;
  const startSamples = firstPacket * caf.samplesPerPacket - (firstPacket === 0 ? 0 : caf.primingSamples);
  return {
    ...(await writeOpus(packets, caf, skipped)),
    startMs: (startSamples / OPUS_RATE) * 1000,
    durationMs: ((packets.length * caf.samplesPerPacket - skipped) / OPUS_RATE) * 1000,
  };
}

async function writeOpus(packets: readonly Uint8Array[], { channels, samplesPerPacket }: CafPackets, preSkip: number) {
  const seconds = samplesPerPacket / OPUS_RATE;
  const timed = packets.map((packet, index) => new EncodedPacket(packet, "key", index * seconds, seconds));
  const description = opusHead(channels, preSkip);
  return writePackets("opus", timed, { codec: "opus", numberOfChannels: channels, sampleRate: OPUS_RATE, description });
}

/** Return the Opus header (RFC 7845, section 5.1). */
function opusHead(channels: number, preSkip: number): Uint8Array {
  const head = new Uint8Array(19);
  head.set(textBytes("OpusHead"));
  const view = viewOf(head);
  view.setUint8(8, 1);
  view.setUint8(9, channels);
  view.setUint16(10, preSkip, true);
  view.setUint32(12, OPUS_RATE, true);
  return head;
}

export const caf = {
  ...pcmContainer("caf"),
  begins: { by: "mark", mayFollowTags: false, isIn: (head: Uint8Array) => asciiAt(head, 0, 4) === "caff" },
  extra: CafExtra,
  plan: planCaf,
  extract: extractCaf,
  // Two chunks of Opus are cut separately, because their packets overlap.
  joined: (first: CafExtra, next: CafExtra) => (first.opus === null && next.opus === null ? first : null),
  sentBytesPerSecond: (bytesPerSecond: number) => bytesPerSecond,
} as const satisfies Container<CafExtra>;
