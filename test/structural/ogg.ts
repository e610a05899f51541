// RFC 3533 (pages), RFC 7845 (Opus), the Vorbis I specification.
import { le, named, piece, type Part, type Piece } from "./pieces.ts";
import { filling } from "./quantity.ts";
import { caseOf, type Generator, type Skeleton, type StructuralCase } from "./shape.ts";
import { vorbisSetup } from "./vorbis-setup.ts";

const SERIAL = 7;
const BOS = 2;
const EOS = 4;
/** A packet of Opus with two empty frames of 60 ms (RFC 6716, 3.2.3), which is the longest packet. */
const PACKET = Uint8Array.from([0x19, 0, 0]);
const PACKET_SAMPLES = 5_760;
const PACKETS_A_PAGE = 10;

interface PageShape {
  readonly serial?: number;
  readonly number?: number;
  readonly granule?: number | bigint;
  readonly flags?: number;
  /** The packets, each with less than 255 bytes. */
  readonly packets?: readonly Part[];
  readonly lacing?: readonly number[];
}

export function page({ serial = SERIAL, number = 0, granule = 0, flags = 0, packets = [], lacing }: PageShape): Piece {
  const body = piece(...packets);
  const segments = lacing ?? packets.flatMap((packet) => lace(piece(packet).bytes.length));
  const made = piece(
    "OggS",
    le("version", 1, 0),
    le("flags", 1, flags),
    le("granule", 8, granule),
    le("serial", 4, serial),
    le("number", 4, number),
    le("checksum", 4, 0),
    le("segments", 1, segments.length),
    segments.length === 0 ? [] : piece(le("first segment", 1, segments[0] ?? 0), segments.slice(1)),
    body,
  );
  mendPages(made.bytes);
  return made;
}

function lace(length: number): readonly number[] {
  return [...Array.from({ length: Math.floor(length / 255) }, () => 255), length % 255];
}

const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let sum = byte << 24;
  for (let bit = 0; bit < 8; bit++) sum = sum & 0x80000000 ? (sum << 1) ^ 0x04c11db7 : sum << 1;
  return sum >>> 0;
});

/** Update the checksums of all consecutive pages. */
export function mendPages(bytes: Uint8Array): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  for (let at = 0; at + 27 <= bytes.length && view.getUint32(at) === 0x4f676753;) {
    const segments = bytes[at + 26]!;
    let end = at + 27 + segments;
    for (const length of bytes.subarray(at + 27, at + 27 + segments)) end += length;
    if (end > bytes.length) return;
    view.setUint32(at + 22, 0);
    let sum = 0;
    for (const byte of bytes.subarray(at, end)) sum = ((sum << 8) ^ CRC_TABLE[((sum >>> 24) ^ byte) & 255]!) >>> 0;
    view.setUint32(at + 22, sum, true);
    at = end;
  }
}

function opusHead(family = 0): Piece {
  const shape = piece(
    le("channels", 1, 1),
    le("pre-skip", 2, 312),
    le("rate", 4, 48_000),
    le("gain", 2, 0),
    le("family", 1, family),
  );
  return piece("OpusHead", le("opus version", 1, 1), shape, family === 0 ? [] : [1, 0, 0]);
}

function tags(mark: string): Piece {
  const comment = "ARTIST=none";
  return piece(
    mark,
    le("vendor size", 4, 4),
    "none",
    le("comments", 4, 1),
    le("comment size", 4, comment.length),
    comment,
  );
}

function vorbisHead(rate = 48_000): Piece {
  const rates = piece(
    le("channels", 1, 1),
    le("rate", 4, rate),
    le("highest", 4, 0),
    le("nominal", 4, 0),
    le("lowest", 4, 0),
  );
  return piece("\x01vorbis", le("vorbis version", 4, 0), rates, le("block sizes", 1, 0xb8), [1]);
}

interface StreamShape {
  readonly serial?: number;
  readonly pages?: number;
  readonly startPage?: number;
  readonly head?: readonly Part[];
}

const opusHeads = [opusHead(), tags("OpusTags")];
const vorbisHeads = (rate?: number) => [vorbisHead(rate), piece(tags("\x03vorbis"), [1]), vorbisSetup()];

/** A page of 1.2 s. */
function stream({ serial = SERIAL, pages = 56, startPage = 1, head = opusHeads }: StreamShape): Piece {
  const heads = head.map((packet, number) =>
    page({ serial, number, flags: number === 0 ? BOS : 0, packets: [packet] }),
  );
  const packets = Array.from({ length: PACKETS_A_PAGE }, () => PACKET);
  const body = Array.from({ length: pages }, (_, index) => {
    const granule = (index + startPage) * PACKETS_A_PAGE * PACKET_SAMPLES;
    const made = page({ serial, number: head.length + index, granule, flags: index === pages - 1 ? EOS : 0, packets });
    const isNamed = index === 0 || index === pages - 1;
    return named(isNamed ? (index === 0 ? "first" : "last") : null, made);
  });
  return piece(...heads.map((made, index) => named(`head ${index}`, made)), ...body);
}

const skeletons: readonly Skeleton[] = [
  { name: "opus", piece: stream({}), mend: mendPages },
  { name: "opus, sums wrong", piece: stream({ pages: 3 }) },
  { name: "opus of a family", piece: stream({ pages: 3, head: [opusHead(1), tags("OpusTags")] }), mend: mendPages },
  { name: "vorbis", piece: stream({ head: vorbisHeads() }), mend: mendPages },
  {
    name: "chain",
    piece: piece(stream({ pages: 25 }), named("second", stream({ serial: 8, pages: 35 }))),
    mend: mendPages,
  },
];

function special(quantityBytes: number): readonly StructuralCase[] {
  const head = stream({ pages: 2 }).bytes;
  const tail = page({ granule: 70n * 48_000n, flags: EOS, packets: ["end"] }).bytes;
  const fill = (name: string, shape: Parameters<typeof filling>[2]) => filling(name, quantityBytes, shape);
  const stamped = (name: string, shape: PageShape, stamp: (view: DataView, index: number) => void) =>
    fill(name, {
      head,
      unit: page(shape).bytes,
      tail,
      stamp(unit, index) {
        stamp(new DataView(unit.buffer, unit.byteOffset), index);
        mendPages(unit);
      },
    });
  const unknown: PageShape = { granule: -1 };
  return [
    fill("pages without segments", { head, unit: page({}).bytes, tail }),
    fill("pages without segments or times", { head, unit: page(unknown).bytes, tail }),
    fill("pages of an empty packet", { head, unit: page({ packets: [""] }).bytes, tail }),
    fill("pages of another stream", { head, unit: page({ serial: 99 }).bytes, tail }),
    fill("pages of 255 empty packets", {
      head,
      unit: page({ lacing: Array.from({ length: 255 }, () => 0) }).bytes,
      tail,
    }),
    fill("pages of one packet that never ends", {
      head,
      unit: page({ granule: -1, flags: 1, packets: [new Uint8Array(255)], lacing: [255] }).bytes,
      tail,
    }),
    fill("first pages", { head, unit: page({ flags: BOS }).bytes, tail }),
    fill("pages alone", { unit: page({}).bytes }),
    fill("first pages alone", { unit: page({ flags: BOS, packets: [opusHead()] }).bytes }),
    fill("capture patterns", { head, unit: Buffer.from("OggS"), tail }),
    fill("headers that are cut off", { head, unit: page({}).bytes.subarray(0, 26), tail }),
    fill("joined files", { unit: stream({ pages: 1 }).bytes }),
    fill("joined files of one serial number and no sound", { unit: stream({ pages: 0 }).bytes }),
    stamped("pages with a time each", {}, (view, index) => view.setBigInt64(6, BigInt(index) * 960n, true)),
    stamped("pages whose times go back", {}, (view, index) => view.setBigInt64(6, BigInt(10_000_000 - index), true)),
    stamped("pages whose times jump", {}, (view, index) => view.setBigInt64(6, BigInt(index % 2) * 2n ** 40n, true)),
    stamped("pages of a stream each", {}, (view, index) => view.setUint32(14, index, true)),
    stamped("first pages of a stream each", { flags: BOS, packets: [opusHead()] }, (view, index) =>
      view.setUint32(14, index, true),
    ),
    stamped("links of a page, other serial numbers", { flags: BOS }, (view, index) => {
      view.setUint32(14, index >> 1, true);
      view.setUint8(5, index % 2 === 0 ? BOS : 0);
    }),
    ...[0n, 1n, -2n, 2n ** 31n - 1n, 2n ** 32n - 1n, 2n ** 62n, 2n ** 63n - 1n].map((granule) =>
      caseOf(`ends at ${granule}`, piece(head, page({ granule, flags: EOS, packets: ["end"] })).bytes),
    ),
    ...[0, 1, 7, 3_999, 2 ** 32 - 1].map((rate) =>
      caseOf(`Vorbis of ${rate} Hz`, stream({ pages: 2, head: vorbisHeads(rate) }).bytes),
    ),
    ...["\x7fFLAC\x01\x00", "Speex   ", "\x80theora", "fishead\0"].map((mark) =>
      caseOf(
        `begins with ${JSON.stringify(mark)}`,
        piece(page({ flags: BOS, packets: [piece(mark, new Uint8Array(40))] }), stream({})).bytes,
      ),
    ),
    caseOf(
      "comments by the billion",
      piece(
        page({ flags: BOS, packets: [opusHead()] }),
        page({ number: 1, packets: [piece("OpusTags", le("", 4, 0), le("", 4, 0xffffffff))] }),
        head,
      ).bytes,
    ),
  ];
}

export const oggGenerator: Generator = { container: "ogg", skeletons, special };
