// RIFF (Microsoft, "Multimedia Programming Interface and Data Specifications 1.0"), RF64 and BW64 (EBU Tech 3306, ITU-R BS.2088).
import { le, named, piece, type Part, type Piece } from "./pieces.ts";
import { filling } from "./quantity.ts";
import { caseOf, type Generator, type Skeleton, type StructuralCase } from "./shape.ts";

const SECONDS = 66;
const RATE = 4_000;

interface Shape {
  readonly mark?: string;
  readonly tag?: number;
  readonly rate?: number;
  readonly channels?: number;
  readonly bits?: number;
  readonly seconds?: number;
}

function chunk(name: string, body: Part, claimed?: number | bigint): Piece {
  const { bytes } = piece(body);
  return piece(name, le(`${name.trim()} size`, 4, claimed ?? bytes.length), named(name.trim(), piece(body)));
}

function formatOf({ tag = 1, rate = RATE, channels = 1, bits = 8 }: Shape): Piece {
  const frame = Math.ceil(bits / 8) * channels;
  const plain = piece(
    le("tag", 2, tag),
    le("channels", 2, channels),
    le("rate", 4, rate),
    le("bytes a second", 4, BigInt.asUintN(32, BigInt(rate * frame))),
    le("frame bytes", 2, frame & 0xffff),
    le("bits", 2, bits),
  );
  if (tag !== 0xfffe) return plain;
  const guid = [0, 0, 0, 0, 0x10, 0, 0x80, 0, 0, 0xaa, 0, 0x38, 0x9b, 0x71];
  return piece(plain, le("extra", 2, 22), le("valid bits", 2, bits), le("mask", 4, 4), le("code", 2, 1), guid);
}

function wav(shape: Shape, sound?: Part): Piece {
  const { mark = "RIFF", rate = RATE, channels = 1, bits = 8, seconds = SECONDS } = shape;
  const body = piece(sound ?? new Uint8Array(seconds * rate * channels * Math.ceil(bits / 8)).fill(0x80));
  const isLong = mark !== "RIFF";
  const size64 = piece(
    le("riff", 8, body.bytes.length + 100),
    le("data", 8, body.bytes.length),
    le("samples", 8, 0),
    le("table", 4, 0),
  );
  return piece(
    mark,
    le("riff size", 4, isLong ? 0xffffffff : body.bytes.length + 50),
    "WAVE",
    isLong ? chunk("ds64", size64) : [],
    chunk("fmt ", formatOf(shape)),
    chunk("LIST", piece("INFO", chunk("IART", "darkroom"))),
    chunk("data", body, isLong ? 0xffffffff : undefined),
  );
}

const skeletons: readonly Skeleton[] = [
  { name: "plain", piece: wav({}) },
  { name: "extensible", piece: wav({ tag: 0xfffe, bits: 16, rate: 8_000, seconds: 2 }) },
  { name: "rf64", piece: wav({ mark: "RF64" }) },
  { name: "bw64", piece: wav({ mark: "BW64", seconds: 2 }) },
  { name: "float", piece: wav({ tag: 3, bits: 64, seconds: 2 }) },
  { name: "ulaw", piece: wav({ tag: 7, seconds: 2 }) },
];

/** Values up to 32 bits, including rates with which a plan would read an hour from a few bytes a second. */
const RATES = [
  0,
  1,
  2,
  7,
  50,
  999,
  3_999,
  4_000,
  8_000,
  44_100,
  768_000,
  768_001,
  2 ** 24,
  2 ** 31 - 1,
  2 ** 31,
  2 ** 32 - 1,
];

function special(quantityBytes: number): readonly StructuralCase[] {
  const front = piece("RIFF", le("", 4, 0xffffffff), "WAVE").bytes;
  const sound = piece(chunk("fmt ", formatOf({})), chunk("data", new Uint8Array(8_000))).bytes;
  const fill = (name: string, shape: Omit<Parameters<typeof filling>[2], "tail">) =>
    filling(name, quantityBytes, { ...shape, tail: sound });
  return [
    ...RATES.flatMap((rate) =>
      [1, 2, 64].map((channels) =>
        caseOf(`60 kB at ${rate} Hz in ${channels} channels`, wav({ rate, channels }, new Uint8Array(60_000)).bytes),
      ),
    ),
    fill("empty chunks", { head: front, unit: chunk("JUNK", "").bytes }),
    fill("chunks of one byte", { head: front, unit: chunk("JUNK", [0, 0], 1).bytes }),
    fill("formats", { head: front, unit: chunk("fmt ", formatOf({})).bytes }),
    fill("ds64 chunks", { head: front, unit: chunk("ds64", new Uint8Array(28)).bytes }),
    fill("empty data chunks", { head: piece(front, chunk("fmt ", formatOf({}))).bytes, unit: chunk("data", "").bytes }),
    fill("empty data, then junk", {
      head: piece(front, chunk("fmt ", formatOf({}))).bytes,
      unit: piece(chunk("data", ""), chunk("JUNK", "")).bytes,
    }),
    fill("RIFF in RIFF", { head: new Uint8Array(), unit: piece("RIFF", le("", 4, 0xffffffff), "WAVE").bytes }),
    caseOf("Wave64", piece("riff\x2e\x91\xcf\x11\xa5\xd6\x28\xdb\x04\xc1\x00\x00", new Uint8Array(1_000)).bytes),
    caseOf("RIFF alone", front),
  ];
}

export const wavGenerator: Generator = { container: "wav", skeletons, special };
