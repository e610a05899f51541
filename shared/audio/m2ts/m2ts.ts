import type { ByteSource } from "../reading/byte-source.ts";
import { readWithin } from "../reading/byte-source.ts";
import type { Work } from "../reading/work.ts";
import type { ChunkPlan, Part } from "../chunks/chunk.ts";
import type { Container } from "../chunks/container.ts";
import type { CallLimits } from "../chunks/limits.ts";
import { mpegts, type TsExtra } from "../mpegts/mpegts.ts";
import { hasTimesBetween, PACKET_BYTES, SYNC } from "../mpegts/packet.ts";
import * as z from "zod";

/** The bytes of the time before each packet, which Blu-ray discs and AVCHD recorders write. The packets also have their own times. */
const TIME_BYTES = 4;
const STRIDE_BYTES = TIME_BYTES + PACKET_BYTES;

const M2tsExtra = z.object({ ...mpegts.extra.shape, type: z.literal("m2ts") });
type M2tsExtra = z.infer<typeof M2tsExtra>;

/** Return the transport stream of a file that has times between its packets. */
function withoutTimes(source: ByteSource): ByteSource {
  const packets = Math.floor(source.sizeBytes / STRIDE_BYTES);
  const rest = Math.max(0, (source.sizeBytes % STRIDE_BYTES) - TIME_BYTES);
  return {
    sizeBytes: packets * PACKET_BYTES + rest,
    async read(offset, length) {
      const first = Math.floor(offset / PACKET_BYTES);
      const last = Math.ceil((offset + length) / PACKET_BYTES);
      // Where bytes were lost, packets begin at other places from there on: at most one packet later than they would.
      const bytes = await readWithin(source, first * STRIDE_BYTES, (last - first + 1) * STRIDE_BYTES);
      const plain = new Uint8Array((last - first) * PACKET_BYTES);
      let late = 0;
      for (let packet = 0; packet < last - first; packet++) {
        const at = packet * STRIDE_BYTES + TIME_BYTES;
        if (bytes[at + late] !== SYNC) late = lateBy(bytes, at) ?? late;
        plain.set(bytes.subarray(at + late, at + late + PACKET_BYTES), packet * PACKET_BYTES);
      }
      const start = offset - first * PACKET_BYTES;
      return plain.subarray(start, start + length);
    },
  };
}

/** How far after a place packets begin again: three in a row, as far as the bytes go. Null where none do. */
function lateBy(bytes: Uint8Array, at: number): number | null {
  const syncs = (place: number) => place >= bytes.length || bytes[place] === SYNC;
  for (let late = 0; late < STRIDE_BYTES; late++) {
    const place = at + late;
    if (bytes[place] === SYNC && syncs(place + STRIDE_BYTES) && syncs(place + 2 * STRIDE_BYTES)) return late;
  }
  return null;
}

/** Where a place in the transport stream lies in the file: at the time in front of its packet. */
function placeInFile(offset: number): number {
  return Math.floor(offset / PACKET_BYTES) * STRIDE_BYTES;
}

/** Return a part with its offsets in the file. Parts are cut out of the file before the times are removed. */
function partInFile({ start, end, atMs }: Part, source: ByteSource, streamBytes: number): Part {
  return { start: placeInFile(start), end: end === streamBytes ? source.sizeBytes : placeInFile(end), atMs };
}

function asTs({ extra, ...chunk }: ChunkPlan<M2tsExtra>): ChunkPlan<TsExtra> {
  return { ...chunk, extra: { ...extra, type: "mpegts" } };
}

export const m2ts = {
  name: "m2ts",
  begins: { by: "mark", mayFollowTags: false, isIn: hasTimesBetween },
  extra: M2tsExtra,
  async plan(source: ByteSource, limits: CallLimits, work: Work) {
    const stream = withoutTimes(source);
    const planned = await mpegts.plan(stream, limits, work);
    if (planned.type !== "chunks") return planned;
    const chunks = planned.chunks.map(({ extra, part, ...chunk }) => ({
      ...chunk,
      ...(part !== undefined && { part: partInFile(part, source, stream.sizeBytes) }),
      extra: M2tsExtra.parse({ ...extra, type: "m2ts" }),
    }));
    return { ...planned, container: "m2ts", chunks };
  },
  extract: (source: ByteSource, chunk: ChunkPlan<M2tsExtra>, work: Work) =>
    mpegts.extract(withoutTimes(source), asTs(chunk), work),
  endsByTime: mpegts.endsByTime,
  joined: (first) => first,
  sentBytesPerSecond: mpegts.sentBytesPerSecond,
} as const satisfies Container<M2tsExtra>;
