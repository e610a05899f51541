import { byteAt } from "../reading/bytes.ts";
import type { Work } from "../reading/work.ts";

/** A frame's header: enough to find the next frame and to count time. */
export interface FrameHeader {
  readonly bytes: number;
  readonly samples: number;
  readonly sampleRate: number;
  /** The same for all frames that one decoder set up once can take. */
  readonly format: number;
}

export interface Mp3Header extends FrameHeader {
  readonly bitrate: number;
  readonly layer: 2 | 3;
  readonly isMpeg1: boolean;
  readonly channels: 1 | 2;
}

export interface AdtsHeader extends FrameHeader {
  readonly channels: number;
  readonly headerBytes: number;
  /** MPEG-4 AudioSpecificConfig, two bytes. */
  readonly config: number;
}

const BITRATES_KBPS = {
  mpeg1: {
    2: [32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384],
    3: [32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320],
  },
  mpeg2: [8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160],
} as const;
const MP3_RATES = [44_100, 48_000, 32_000];
const ADTS_RATES = [
  96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025, 8_000, 7_350,
];

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

/**
 * Where a frame starts at or after `from`: one header may be chance, so the two after it must follow (as far as the
 * bytes go) and agree on the sampling rate.
 */
export function findFrame<Header extends FrameHeader>(
  bytes: Uint8Array,
  from: number,
  parse: (bytes: Uint8Array, at: number) => Header | null,
  work: Work,
): { readonly at: number; readonly header: Header } | null {
  for (let at = bytes.indexOf(0xff, from); at !== -1; at = bytes.indexOf(0xff, at + 1)) {
    const header = parse(bytes, at);
    work.visit(header === null ? 1 / 8 : 1);
    if (header === null) continue;
    let next = at + header.bytes;
    let follows = true;
    for (let count = 0; count < 2 && next + 7 <= bytes.length; count++) {
      const following = parse(bytes, next);
      if (following === null || following.sampleRate !== header.sampleRate) {
        follows = false;
        break;
      }
      next += following.bytes;
    }
    if (follows) return { at, header };
  }
  return null;
}

/** Bytes an ID3v2 tag takes at the start (pictures make it megabytes); 0 without one. */
export function id3Bytes(head: Uint8Array): number {
  if (head.length < 10 || head[0] !== 0x49 || head[1] !== 0x44 || head[2] !== 0x33) return 0;
  const size = [6, 7, 8, 9].reduce((sum, at) => (sum << 7) | (byteAt(head, at) & 0x7f), 0);
  return 10 + size + (byteAt(head, 5) & 0x10 ? 10 : 0);
}
