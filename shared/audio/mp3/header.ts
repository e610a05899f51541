import type { FrameHeader } from "../frames/find.ts";
import { byteAt } from "../reading/bytes.ts";

export interface Mp3Header extends FrameHeader {
  readonly bitrate: number;
  readonly layer: 2 | 3;
  readonly isMpeg1: boolean;
  readonly channels: 1 | 2;
}

const BITRATES_KBPS = {
  mpeg1: {
    2: [32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384],
    3: [32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320],
  },
  mpeg2: [8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160],
} as const;
const MP3_RATES = [44_100, 48_000, 32_000];

export function parseMp3Header(bytes: Uint8Array, at: number): Mp3Header | null {
  if (at + 4 > bytes.length || bytes[at] !== 0xff) return null;
  const second = byteAt(bytes, at + 1);
  const third = byteAt(bytes, at + 2);
  if ((second & 0xe0) !== 0xe0) return null;
  const version = (second >> 3) & 3; // 0: MPEG-2.5, 2: MPEG-2, 3: MPEG-1
  const layer = ([null, 3, 2, null] as const)[(second >> 1) & 3];
  const kbpsAt = (third >> 4) - 1;
  const baseRate = MP3_RATES[(third >> 2) & 3];
  if (version === 1 || layer === null || layer === undefined || baseRate === undefined) return null;
  const isMpeg1 = version === 3;
  const kbps = (isMpeg1 ? BITRATES_KBPS.mpeg1[layer] : BITRATES_KBPS.mpeg2)[kbpsAt];
  if (kbps === undefined) return null;
  const sampleRate = baseRate / (isMpeg1 ? 1 : version === 2 ? 2 : 4);
  const samples = layer === 3 && !isMpeg1 ? 576 : 1152;
  return {
    bytes: Math.floor((samples / 8) * ((kbps * 1000) / sampleRate)) + ((third >> 1) & 1),
    samples,
    sampleRate,
    format: sampleRate,
    bitrate: kbps * 1000,
    layer,
    isMpeg1,
    channels: byteAt(bytes, at + 3) >> 6 === 3 ? 1 : 2,
  };
}
