// Measures the CPU time of planning the longest recordings, from which `limits.cpu_ms` in wrangler.jsonc is set. Their bytes are
// generated while they are read, so `npm run bench:long-audio:longest` needs no disk. Prints one JSON object a line.
import type { ByteSource } from "../../shared/audio/reading/byte-source.ts";
import { callLimits } from "../../shared/audio/chunks/limits.ts";
import { planAudio } from "../../shared/audio/plan.ts";
import { MAX_PRESIGNED_BYTES } from "../../shared/limits.ts";
import { print, round } from "../report.ts";

const WEEK_SECONDS = 7 * 24 * 3600;
const MARGIN = 0.999; // one frame more than a week is refused
/** The size of one read of the planners, so that copying is fast. */
const TILE_BYTES = 4 * 1024 * 1024;

interface Recording {
  readonly name: string;
  /** Comes once, before `frames`, which repeat. */
  readonly head?: Uint8Array;
  readonly frames: readonly Uint8Array[];
  readonly framesASecond: number;
}

/** Frames of two sizes, so that a planner cannot assume a constant bitrate and skip them. */
const RECORDINGS: readonly Recording[] = [
  { name: "adts.8kHz", frames: [adtsFrame(11, 150), adtsFrame(11, 170)], framesASecond: 8000 / 1024 },
  { name: "adts.44kHz", frames: [adtsFrame(4, 150), adtsFrame(4, 170)], framesASecond: 44_100 / 1024 },
  { name: "adts.96kHz", frames: [adtsFrame(0, 150), adtsFrame(0, 170)], framesASecond: 96_000 / 1024 },
  { name: "mp3.vbr.44kHz", frames: [mp3Frame(9, 417), mp3Frame(8, 365)], framesASecond: 44_100 / 1152 },
  { name: "mp3.cbr.44kHz", frames: [mp3Frame(9, 417)], framesASecond: 44_100 / 1152 },
  { name: "wav.16kHz", head: wavHead(16_000, 1), frames: [noise(32_000)], framesASecond: 1 },
  { name: "wav.48kHz.stereo", head: wavHead(48_000, 2), frames: [noise(192_000)], framesASecond: 1 },
];

for (const recording of RECORDINGS) await measurePlan(recording);

async function measurePlan({ name, head = new Uint8Array(), frames, framesASecond }: Recording): Promise<void> {
  const frameBytes = frames.reduce((sum, frame) => sum + frame.length, 0) / frames.length;
  const wanted = head.length + Math.floor(WEEK_SECONDS * MARGIN * framesASecond) * frameBytes;
  const read = { bytes: 0, calls: 0 };
  const source = repeated(head, frames, Math.floor(Math.min(wanted, MAX_PRESIGNED_BYTES)), read);
  const before = process.cpuUsage();
  const plan = await planAudio(source, callLimits("fast"));
  const { user, system } = process.cpuUsage(before);
  print({
    case: `longAudio.longest.${name}`,
    value: round((user + system) / 1000),
    unit: "ms of CPU",
    sizeMb: Math.round(source.sizeBytes / 1e6),
    readMb: Math.round(read.bytes / 1e6),
    reads: read.calls,
    plan: plan.type,
    hours: "durationMs" in plan ? round(plan.durationMs / 3_600_000) : 0,
    chunks: plan.type === "chunks" ? plan.chunks.length : 0,
  });
}

function repeated(
  head: Uint8Array,
  frames: readonly Uint8Array[],
  sizeBytes: number,
  read: { bytes: number; calls: number },
): ByteSource {
  const cycle = Buffer.concat(frames);
  const tile = Buffer.concat(Array.from({ length: Math.ceil(TILE_BYTES / cycle.length) + 1 }, () => cycle));
  function fill(view: Uint8Array, offset: number): void {
    read.bytes += view.length;
    read.calls += 1;
    let at = 0;
    if (offset < head.length) {
      const part = head.subarray(offset, offset + view.length);
      view.set(part);
      at = part.length;
    }
    while (at < view.length) {
      const from = (offset + at - head.length) % cycle.length;
      const part = tile.subarray(from, from + view.length - at);
      view.set(part, at);
      at += part.length;
    }
  }
  return {
    sizeBytes,
    async read(offset, lengthBytes) {
      const bytes = new Uint8Array(lengthBytes);
      fill(bytes, offset);
      return bytes;
    },
    async open(offset) {
      let at = offset;
      return {
        async readInto(view) {
          const part = view.subarray(0, Math.min(view.length, sizeBytes - at));
          fill(part, at);
          at += part.length;
          return part;
        },
      };
    },
  };
}

function adtsFrame(rateIndex: number, bytes: number): Uint8Array {
  const frame = new Uint8Array(bytes);
  // AAC-LC, no CRC, two channels.
  frame.set([
    0xff,
    0xf1,
    0x40 | (rateIndex << 2),
    0x80 | (bytes >> 11),
    (bytes >> 3) & 0xff,
    ((bytes & 7) << 5) | 0x1f,
  ]);
  frame[6] = 0xfc;
  return frame;
}

/** MPEG-1 layer 3 at 44.1 kHz without a CRC. */
function mp3Frame(bitrateIndex: number, bytes: number): Uint8Array {
  const frame = new Uint8Array(bytes);
  frame.set([0xff, 0xfb, bitrateIndex << 4, 0x00]);
  return frame;
}

function noise(bytes: number): Uint8Array {
  return Uint8Array.from({ length: bytes }, (_, at) => (at * 7919) & 0xff);
}

/** RF64, the only form that holds more than 4 GiB: 16-bit PCM to the end of the file. */
function wavHead(sampleRate: number, channels: number): Uint8Array {
  const dataBytes = Math.min(MAX_PRESIGNED_BYTES, WEEK_SECONDS * MARGIN * sampleRate * channels * 2);
  const head = Buffer.alloc(80);
  head.write("RF64\xff\xff\xff\xffWAVEds64", 0, "latin1");
  head.writeUInt32LE(28, 16);
  head.writeBigUInt64LE(BigInt(Math.floor(dataBytes) + 72), 20);
  head.writeBigUInt64LE(BigInt(Math.floor(dataBytes)), 28);
  head.write("fmt ", 48, "latin1");
  head.writeUInt32LE(16, 52);
  head.writeUInt16LE(1, 56);
  head.writeUInt16LE(channels, 58);
  head.writeUInt32LE(sampleRate, 60);
  head.writeUInt32LE(sampleRate * channels * 2, 64);
  head.writeUInt16LE(channels * 2, 68);
  head.writeUInt16LE(16, 70);
  head.write("data\xff\xff\xff\xff", 72, "latin1");
  return head;
}
