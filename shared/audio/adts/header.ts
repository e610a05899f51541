import type { FrameHeader } from "../frames/find.ts";
import { byteAt } from "../reading/bytes.ts";

export interface AdtsHeader extends FrameHeader {
  readonly channels: number;
  readonly headerBytes: number;
  /** MPEG-4 AudioSpecificConfig, two bytes. */
  readonly config: number;
}

const ADTS_RATES = [
  96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025, 8_000, 7_350,
];

export function parseAdtsHeader(bytes: Uint8Array, at: number): AdtsHeader | null {
  if (at + 7 > bytes.length || bytes[at] !== 0xff || (byteAt(bytes, at + 1) & 0xf6) !== 0xf0) return null;
  const third = byteAt(bytes, at + 2);
  const fourth = byteAt(bytes, at + 3);
  const rateIndex = (third >> 2) & 15;
  const sampleRate = ADTS_RATES[rateIndex];
  const frameBytes = ((fourth & 3) << 11) | (byteAt(bytes, at + 4) << 3) | (byteAt(bytes, at + 5) >> 5);
  const headerBytes = byteAt(bytes, at + 1) & 1 ? 7 : 9;
  if (sampleRate === undefined || frameBytes <= headerBytes) return null;
  const channels = ((third & 1) << 2) | (fourth >> 6);
  const objectType = (third >> 6) + 1;
  const config = (objectType << 11) | (rateIndex << 7) | (channels << 3);
  return {
    bytes: frameBytes,
    samples: 1024 * ((byteAt(bytes, at + 6) & 3) + 1),
    sampleRate,
    channels,
    headerBytes,
    format: config,
    config,
  };
}
