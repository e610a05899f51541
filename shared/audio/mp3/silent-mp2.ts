import { bitsOf } from "../reading/bits.ts";
import { byteAt } from "../reading/bytes.ts";
import { parseMp3Header, type Mp3Header } from "./header.ts";

/** How many subbands a frame has, and the bits with which each says how it is stored (ISO/IEC 11172-3, B.2; 13818-3, B.1). */
interface Table {
  readonly subbands: number;
  readonly bitsOf: (subband: number) => number;
}

const wide = (subband: number) => (subband < 11 ? 4 : subband < 23 ? 3 : 2);
const narrow = (subband: number) => (subband < 2 ? 4 : 3);
const low = (subband: number) => (subband < 4 ? 4 : subband < 11 ? 3 : 2);

function tableOf({ isMpeg1, sampleRate, bitrate, channels }: Mp3Header): Table {
  if (!isMpeg1) return { subbands: 30, bitsOf: low };
  const kbps = bitrate / channels / 1000;
  if (kbps < 56) return { subbands: sampleRate === 32_000 ? 12 : 8, bitsOf: narrow };
  return { subbands: sampleRate === 48_000 || kbps <= 80 ? 27 : 30, bitsOf: wide };
}

/** How many scale factors a subband has, by its code (ISO/IEC 11172-3, 2.4.2.5). */
const FACTORS = [3, 2, 1, 2] as const;

/**
 * The loudest factor of digital silence. Factor `i` is 2^(1 - i / 3), and no sample is louder: from 54 on that is a quarter of a
 * step of 16 bits. Encoders store zeros with the last ones, as ffmpeg does.
 */
const SILENT_FACTOR = 54;

/** Whether all subbands of a frame of MPEG audio layer II are as quiet as digital silence. False for other layers. */
export function isSilentMp2(frame: Uint8Array): boolean {
  const header = parseMp3Header(frame, 0);
  if (header === null || header.layer !== 2) return false;
  const { channels } = header;
  const table = tableOf(header);
  const isJoint = byteAt(frame, 3) >> 6 === 1;
  // From here on both channels have the same samples, with their own factors.
  const bound = isJoint ? 4 * (((byteAt(frame, 3) >> 4) & 3) + 1) : table.subbands;
  const bits = bitsOf(frame, 8 * (byteAt(frame, 1) & 1 ? 4 : 6));
  const stored: number[] = [];
  for (let subband = 0; subband < table.subbands; subband++) {
    const own = subband < bound ? channels : 1;
    let last = 0;
    for (let channel = 0; channel < channels; channel++) {
      if (channel < own) last = bits.read(table.bitsOf(subband));
      if (last > 0) stored.push(subband);
    }
  }
  const factors = stored.map(() => FACTORS[bits.read(2) & 3] ?? 3);
  for (const count of factors) {
    for (let factor = 0; factor < count; factor++) if (bits.read(6) < SILENT_FACTOR) return false;
  }
  return !bits.isPast();
}
