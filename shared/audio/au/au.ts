import type * as z from "zod";

import { asciiAt, viewOf } from "../reading/bytes.ts";
import { readWithin, type ByteSource } from "../reading/byte-source.ts";
import type { Container } from "../chunks/container.ts";
import { refuse, refuseRate, type Refusal } from "../chunks/chunk.ts";
import { MAX_CHANNELS, pcmFrameBytes, type PcmFormat } from "../wav/pcm.ts";
import { pcmCutter, refuseCompressed, type PcmLayout } from "../wav/pcm-cutter.ts";

const HEADER_BYTES = 24;
const UNKNOWN_LENGTH = 0xffffffff;

/** The numbers of encodings by Sun (audio_filehdr.h). */
const ENCODINGS: ReadonlyMap<number, Pick<PcmFormat, "encoding" | "bytesPerSample">> = new Map([
  [1, { encoding: "ulaw", bytesPerSample: 1 }],
  [2, { encoding: "int", bytesPerSample: 1 }],
  [3, { encoding: "int", bytesPerSample: 2 }],
  [4, { encoding: "int", bytesPerSample: 3 }],
  [5, { encoding: "int", bytesPerSample: 4 }],
  [6, { encoding: "float", bytesPerSample: 4 }],
  [7, { encoding: "float", bytesPerSample: 8 }],
  [27, { encoding: "alaw", bytesPerSample: 1 }],
]);

async function readHeader(source: ByteSource): Promise<PcmLayout | Refusal> {
  const head = await readWithin(source, 0, HEADER_BYTES);
  if (head.length < HEADER_BYTES) return refuse("damaged", "The AU file ends within its header.");
  const view = viewOf(head);
  const [offset, length, code] = [view.getUint32(4), view.getUint32(8), view.getUint32(12)];
  const [sampleRate, channels] = [view.getUint32(16), view.getUint32(20)];
  const refused = refuseRate(sampleRate);
  if (refused !== null) return refused;
  if (channels === 0 || channels > MAX_CHANNELS || offset < HEADER_BYTES) {
    return refuse("damaged", "The AU file's header has impossible numbers.");
  }
  const encoding = ENCODINGS.get(code);
  if (encoding === undefined) return refuseCompressed("AU", `encoding ${code}`);
  const format = { ...encoding, littleEndian: false, channels, sampleRate };
  const available = Math.max(0, source.sizeBytes - offset);
  const isUnknown = length === 0 || length === UNKNOWN_LENGTH;
  const usable = isUnknown ? available : Math.min(length, available);
  const whole = usable - (usable % pcmFrameBytes(format));
  if (whole === 0) return refuse("no_audio_track", "The AU file holds no samples.");
  return { format, data: { offset, length: whole }, saidBytes: isUnknown ? whole : length };
}

const cutter = pcmCutter("au", readHeader);

export const au = {
  ...cutter,
  begins: { by: "mark", mayFollowTags: false, isIn: (head: Uint8Array) => asciiAt(head, 0, 4) === ".snd" },
} as const satisfies Container<z.infer<typeof cutter.extra>>;
