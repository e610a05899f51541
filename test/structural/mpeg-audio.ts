// ISO/IEC 11172-3 and 13818-3 (MPEG audio frames), the Xing and LAME headers, ISO/IEC 13818-7 (ADTS).
import { be, numbers, piece, type Part, type Piece } from "./pieces.ts";
import { filling } from "./quantity.ts";
import { caseOf, type Generator, type Skeleton, type StructuralCase } from "./shape.ts";
import { ape, apeItem, id3, id3Frame, id3v1, manyTags } from "./tags.ts";

interface FrameShape {
  readonly version?: number;
  readonly layer?: number;
  readonly bitrate?: number;
  readonly rate?: number;
  readonly padding?: number;
  readonly bytes?: number;
}

/** The header's fields by its own codes: version 2 is MPEG-2, layer 1 is III. The default is 8 kbit/s at 16 kHz: 36 bytes, 36 ms. */
function mp3Frame(
  { version = 2, layer = 1, bitrate = 1, rate = 2, padding = 0, bytes = 36 }: FrameShape,
  body?: Part,
): Piece {
  const head = numbers(
    ["sync", 11, 0x7ff],
    ["version", 2, version],
    ["layer", 2, layer],
    ["protection", 1, 1],
    ["bitrate", 4, bitrate],
    ["rate", 2, rate],
    ["padding", 1, padding],
    ["private", 1, 0],
    ["mode", 2, 3],
    ["", 6, 0],
  );
  return sized(bytes, head, body ?? []);
}

function sized(bytes: number, ...parts: readonly Part[]): Piece {
  const { length } = piece(...parts).bytes;
  return piece(...parts, new Uint8Array(Math.max(0, bytes - length)));
}

function adtsFrame(shape: {
  readonly rate?: number;
  readonly bytes?: number;
  readonly blocks?: number;
  readonly profile?: number;
}): Piece {
  const { rate = 8, bytes = 20, blocks = 0, profile = 1 } = shape;
  const head = numbers(
    ["sync", 12, 0xfff],
    ["version", 1, 0],
    ["layer", 2, 0],
    ["protection", 1, 1],
    ["profile", 2, profile],
    ["rate", 4, rate],
    ["private", 1, 0],
    ["channels", 3, 1],
    ["", 4, 0],
    ["frame length", 13, bytes],
    ["fullness", 11, 0x7ff],
    ["blocks", 2, blocks],
  );
  return sized(bytes, head);
}

/** The smallest frames without a payload, also for packets of other containers. */
export function adtsFrames(count: number, bytes: number, rate = 8): Uint8Array {
  return times(adtsFrame({ bytes, rate }), count);
}

function times({ bytes }: Piece, count: number): Uint8Array {
  return piece(...Array.from({ length: count }, () => bytes)).bytes;
}

function xing(name: string): Piece {
  const counts = piece(be("xing flags", 4, 15), be("xing frames", 4, 2_000), be("xing bytes", 4, 72_000));
  const encoder = piece("LAME3.100", new Uint8Array(12), be("delay", 3, 0x240480), new Uint8Array(12));
  return mp3Frame(
    { bitrate: 14, bytes: 720 },
    piece(new Uint8Array(9), name, counts, new Uint8Array(100), be("quality", 4, 0), encoder),
  );
}

const FRAMES = 2_000;
const sound = times(mp3Frame({}), FRAMES);
const varied = times(piece(mp3Frame({}), mp3Frame({ bitrate: 2, bytes: 72 })), FRAMES / 2);
const apeTag = ape(true, apeItem());

const mp3Skeletons: readonly Skeleton[] = [
  { name: "constant", piece: piece(xing("Info"), mp3Frame({}), sound) },
  { name: "variable", piece: piece(xing("Xing"), mp3Frame({}), varied) },
  { name: "tagged", piece: piece(id3(id3Frame("none")), mp3Frame({}), varied, apeTag, id3v1()) },
  { name: "behind an APE tag", piece: piece(apeTag, varied) },
];
const adtsSound = times(piece(adtsFrame({}), adtsFrame({ bytes: 27 })), 600);
const adtsSkeletons: readonly Skeleton[] = [
  { name: "plain", piece: piece(adtsFrame({}), adtsSound) },
  { name: "tagged", piece: piece(id3(id3Frame("none")), adtsSound) },
];

/** The extreme headers: the shortest and the longest frames, and frames of unknown length. */
function everyHeader(quantityBytes: number): readonly StructuralCase[] {
  const shapes = [0, 2, 3].flatMap((version) =>
    [1, 2, 3].flatMap((layer) =>
      [0, 1, 14].flatMap((bitrate) => [0, 2].map((rate) => ({ version, layer, bitrate, rate }))),
    ),
  );
  return shapes.flatMap((shape) => {
    const bytes = frameBytes(shape);
    const name = `frames of version ${shape.version}, layer ${shape.layer}, bitrate ${shape.bitrate}, rate ${shape.rate}`;
    return [filling(name, Math.min(quantityBytes, 400_000), { unit: mp3Frame({ ...shape, bytes }).bytes })];
  });
}

const BITRATES: Readonly<Record<string, readonly [number, number]>> = {
  "3/3": [32, 448],
  "3/2": [32, 384],
  "3/1": [32, 320],
};

function frameBytes({
  version,
  layer,
  bitrate,
  rate,
}: Required<Pick<FrameShape, "version" | "layer" | "bitrate" | "rate">>): number {
  if (bitrate === 0) return 144;
  const [low, high] = BITRATES[`${version}/${layer}`] ?? (layer === 3 ? [32, 256] : [8, 160]);
  const hertz = ([44_100, 48_000, 32_000][rate] ?? 0) / (version === 3 ? 1 : version === 2 ? 2 : 4);
  const bits = (bitrate === 1 ? low : high) * 1_000;
  if (layer === 3) return Math.floor((12 * bits) / hertz) * 4;
  return Math.floor(((layer === 1 && version !== 3 ? 72 : 144) * bits) / hertz);
}

function mp3Special(quantityBytes: number): readonly StructuralCase[] {
  const fill = (name: string, ...unit: readonly Part[]) => filling(name, quantityBytes, { unit: piece(...unit).bytes });
  return [
    ...everyHeader(quantityBytes),
    ...manyTags(quantityBytes, piece(mp3Frame({}), sound).bytes),
    fill("the smallest frames", mp3Frame({ rate: 1, bytes: 24 })),
    fill("frames of two sizes", mp3Frame({}), mp3Frame({ bitrate: 2, bytes: 72 })),
    fill("Xing frames", xing("Xing")),
    fill("joined files of a frame", xing("Info"), mp3Frame({ bitrate: 2, bytes: 72 })),
    fill("headers and no frames", mp3Frame({ bytes: 4 })),
    fill("three frames, then junk", ...Array.from({ length: 9 }, () => mp3Frame({})), new Uint8Array(37)),
    fill("sync bytes", [0xff]),
    fill("half a sync", [0xff, 0xe0]),
    caseOf("a tag that ends the file", id3("", 2 ** 28 - 1).bytes),
  ];
}

function adtsSpecial(quantityBytes: number): readonly StructuralCase[] {
  const fill = (name: string, ...unit: readonly Part[]) => filling(name, quantityBytes, { unit: piece(...unit).bytes });
  return [
    ...manyTags(quantityBytes, adtsSound),
    ...Array.from({ length: 16 }, (_, rate) => fill(`headers alone, of rate ${rate}`, adtsFrame({ rate, bytes: 7 }))),
    ...[0, 1, 3].map((blocks) => fill(`60 bytes of ${blocks + 1} blocks`, adtsFrame({ bytes: 60, blocks }))),
    fill("the largest frames", adtsFrame({ bytes: 8_191 })),
    fill("frames of two sizes", adtsFrame({}), adtsFrame({ bytes: 27 })),
    fill(
      "frames of two rates",
      ...Array.from({ length: 9 }, () => adtsFrame({})),
      ...Array.from({ length: 9 }, () => adtsFrame({ rate: 4 })),
    ),
    fill("eight frames, then junk", ...Array.from({ length: 8 }, () => adtsFrame({})), new Uint8Array(31)),
    fill("frames that overlap", adtsFrame({ bytes: 7 }), adtsFrame({ bytes: 9 }).bytes.subarray(0, 7)),
    fill("sync bytes", [0xff, 0xf1]),
    fill("frames that say they are empty", piece(adtsFrame({ bytes: 0 }))),
  ];
}

export const mp3Generator: Generator = { container: "mp3", skeletons: mp3Skeletons, special: mp3Special };
export const adtsGenerator: Generator = { container: "adts", skeletons: adtsSkeletons, special: adtsSpecial };
