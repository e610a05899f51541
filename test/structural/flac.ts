// RFC 9639.
import { be, named, numbers, piece, type Part, type Piece } from "./pieces.ts";
import { filling } from "./quantity.ts";
import { caseOf, type Generator, type Skeleton, type StructuralCase } from "./shape.ts";
import { ape, id3, id3Frame, manyTags } from "./tags.ts";

const RATE = 16_000;
const BLOCK_SAMPLES = 4_608;

interface InfoShape {
  readonly rate?: number;
  readonly blockSamples?: number;
  readonly samples?: number | bigint;
}

function metadata(type: number, body: Part, isLast = false): Piece {
  const { bytes } = piece(body);
  const head = numbers(["last", 1, isLast ? 1 : 0], ["type", 7, type], ["length", 24, bytes.length]);
  return named(`block ${type}`, piece(head, body));
}

function streamInfo({ rate = RATE, blockSamples = BLOCK_SAMPLES, samples = 0 }: InfoShape, isLast = false): Piece {
  const info = numbers(
    ["smallest block", 16, blockSamples],
    ["largest block", 16, blockSamples],
    ["smallest frame", 24, 0],
    ["largest frame", 24, 0],
    ["rate", 20, rate],
    ["channels", 3, 0],
    ["bits", 5, 15],
    ["samples", 36, samples],
  );
  return metadata(0, piece(info, new Uint8Array(16)), isLast);
}

/** The shortest frames: one subframe with identical samples. */
function frame(number: number, { isVariable = false, blockCode = 5, wasted = 0 } = {}): Piece {
  const head = Uint8Array.from([0xff, isVariable ? 0xf9 : 0xf8, (blockCode << 4) | 5, 0x08, ...coded(number)]);
  const body = piece(head, [crc8(head)], [0], new Uint8Array(2 + wasted)).bytes;
  const sum = crc16(body);
  return piece(body, [sum >> 8, sum & 255]);
}

/** Encode a number like UTF-8, with up to 36 bits. */
function coded(value: number): readonly number[] {
  if (value < 0x80) return [value];
  const length = 2 + [11, 16, 21, 26, 31, 36].findIndex((bits) => value < 2 ** bits);
  const sixes = Array.from({ length }, (_, index) => Math.floor(value / 64 ** (length - 1 - index)) % 64);
  const [first = 0, ...tail] = sixes;
  return [((0xff00 >> length) & 0xff) | first, ...tail.map((six) => 0x80 | six)];
}

function crc8(bytes: Uint8Array): number {
  return crc(bytes, 8, 0x07);
}

function crc16(bytes: Uint8Array): number {
  return crc(bytes, 16, 0x8005);
}

function crc(bytes: Uint8Array, bits: number, polynomial: number): number {
  const mask = 2 ** bits - 1;
  let sum = 0;
  for (const byte of bytes) {
    sum ^= byte << (bits - 8);
    for (let bit = 0; bit < 8; bit++)
      sum = sum & (1 << (bits - 1)) ? ((sum << 1) ^ polynomial) & mask : (sum << 1) & mask;
  }
  return sum;
}

function frames(count: number, step = 1, isVariable = false): Piece {
  return piece(...Array.from({ length: count }, (_, index) => frame(index * step, { isVariable })));
}

function seekTable(points: number): Piece {
  const point = piece(be("sample", 8, 0), be("offset", 8, 0), be("count", 2, BLOCK_SAMPLES));
  return metadata(3, piece(...Array.from({ length: points }, () => point)));
}

const comment = piece([0, 0, 0, 0], [0, 0, 0, 0]);
const plainFrames = frames(240);

const skeletons: readonly Skeleton[] = [
  {
    name: "plain",
    piece: piece(
      "fLaC",
      streamInfo({ samples: 240 * BLOCK_SAMPLES }),
      seekTable(1),
      metadata(4, comment, true),
      plainFrames,
    ),
  },
  { name: "live", piece: piece("fLaC", streamInfo({}, true), frames(240, BLOCK_SAMPLES, true)) },
  { name: "tagged", piece: piece(id3(id3Frame("none")), ape(true, ""), "fLaC", streamInfo({}, true), plainFrames) },
];

function special(quantityBytes: number): readonly StructuralCase[] {
  const short = piece("fLaC", streamInfo({}, true), frames(4)).bytes;
  const open = piece("fLaC", streamInfo({})).bytes;
  const fill = (name: string, shape: Parameters<typeof filling>[2]) => filling(name, quantityBytes, shape);
  const head = piece("fLaC", streamInfo({}, true)).bytes;
  const rates = [0, 1, 100, 3_999, 4_000, 2 ** 20 - 1];
  return [
    ...manyTags(quantityBytes, short),
    ...rates.map((rate) =>
      caseOf(`240 frames at ${rate} Hz`, piece("fLaC", streamInfo({ rate }, true), plainFrames).bytes),
    ),
    ...[1, 2 ** 32, 2 ** 36 - 1].map((samples) =>
      caseOf(`says ${samples} samples`, piece("fLaC", streamInfo({ samples }, true), plainFrames).bytes),
    ),
    caseOf(
      "says a day at 4,000 Hz and holds nothing",
      piece("fLaC", streamInfo({ rate: 4_000, samples: 4_000 * 86_400 }, true)).bytes,
    ),
    fill("the smallest frames", { head, unit: frame(0).bytes }),
    fill("frames of the same number", { head, unit: frame(7).bytes }),
    fill("frames of the last number", { head, unit: frame(2 ** 31 - 1).bytes }),
    fill("frames that count up and down", { head, unit: piece(frame(9), frame(3), frame(90), frame(1)).bytes }),
    fill("frames of 16 samples", {
      head: piece("fLaC", streamInfo({ blockSamples: 16 }, true)).bytes,
      unit: frame(0, { blockCode: 6 }).bytes,
    }),
    fill("frames and junk", { head, unit: piece(frame(0), new Uint8Array(40)).bytes }),
    fill("sync bytes", { head, unit: Uint8Array.of(0xff, 0xf8) }),
    fill("headers and no frames", { head, unit: frame(0).bytes.subarray(0, 6) }),
    fill("joined files", { unit: short }),
    fill("joined headers", { unit: piece("fLaC", streamInfo({ samples: 9 }, true)).bytes }),
    fill("empty blocks of metadata", { head: open, unit: metadata(1, "").bytes, tail: plainFrames.bytes }),
    fill("stream infos", { head: open, unit: streamInfo({}).bytes, tail: plainFrames.bytes }),
    caseOf(
      "a table of 2^24 bytes",
      piece("fLaC", streamInfo({}), numbers(["", 8, 3], ["", 24, 2 ** 24 - 1]), plainFrames).bytes,
    ),
  ];
}

export const flacGenerator: Generator = { container: "flac", skeletons, special };
