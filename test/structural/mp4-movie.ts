// ISO/IEC 14496-12 (boxes), 14496-14 (esds), and the QuickTime file format.
import { be, named, numbers, piece, repeated, type Part, type Piece } from "./pieces.ts";

const TIMESCALE = 16_000;
const PACKET_TICKS = 1_024;
export const PACKETS = 1_050;
export const PACKET_BYTES = 6;
const MATRIX = new Uint8Array(36);

export function box(name: string, ...body: readonly Part[]): Piece {
  const inside = piece(...body);
  return piece(be(`${name} size`, 4, 8 + inside.bytes.length), name, named(name, inside));
}

/** Write a full box, which begins with version and flags. */
export function full(name: string, flags: number, ...body: readonly Part[]): Piece {
  return box(name, numbers(["version", 8, 0], ["flags", 24, flags]), ...body);
}

export function longBox(name: string, ...body: readonly Part[]): Piece {
  const inside = piece(...body);
  return piece(
    be(`${name} size`, 4, 1),
    name,
    be(`${name} long size`, 8, 16 + inside.bytes.length),
    named(name, inside),
  );
}

function mp4a(): Piece {
  const specific = piece([5], be("specific size", 1, 2), [0x14, 0x08]);
  const decoder = piece([4], be("decoder size", 1, 17), [0x40, 0x15], new Uint8Array(11), specific);
  const esds = full("esds", 0, [3], be("esds size", 1, 25), [0, 1, 0], decoder, [6, 1, 2]);
  return box("mp4a", entryHead(1, 16, TIMESCALE), esds);
}

export function entryHead(channels: number, bits: number, rate: number): Piece {
  return piece(
    new Uint8Array(6),
    be("reference", 2, 1),
    be("entry version", 2, 0),
    new Uint8Array(6),
    be("channels", 2, channels),
    be("bits", 2, bits),
    new Uint8Array(4),
    be("rate", 4, BigInt.asUintN(32, BigInt(rate) << 16n)),
  );
}

/** A list of entries, or the same entry this many times. */
type Entries = readonly Piece[] | { readonly unit: Piece; readonly count: number };

interface TableShape {
  readonly entry?: Piece;
  readonly times?: Entries;
  readonly groups?: Entries;
  readonly offsets?: Entries;
  /** 0 if the sizes differ and each has an entry. */
  readonly size?: number;
  readonly samples?: number;
  readonly isLong?: boolean;
}

function table(name: string, entries: Entries): Piece {
  if ("unit" in entries) {
    const { unit, count } = entries;
    return full(name, 0, be("count", 4, count), repeated(unit, count));
  }
  const parts = entries.map((entry, index) => named(index < 2 ? String(index) : null, entry));
  return full(name, 0, be("count", 4, entries.length), ...parts);
}

/** The number of packets with the same duration, and that duration. */
export function time(packets: number, ticks: number): Piece {
  return piece(be("packets", 4, packets), be("ticks", 4, ticks));
}

/** The first group from which on each has this many packets. */
export function group(first: number, packets: number): Piece {
  return piece(be("first", 4, first), be("packets", 4, packets), be("description", 4, 1));
}

export function place(offset: number, width = 4): Piece {
  return be("offset", width, offset);
}

function stbl(shape: TableShape): Piece {
  const { entry = mp4a(), samples = PACKETS, size = 0, isLong = false } = shape;
  const { times = [time(samples, PACKET_TICKS)], groups = [group(1, samples)], offsets = [place(48)] } = shape;
  const sizes = [be("0.size", 4, PACKET_BYTES), be("1.size", 4, PACKET_BYTES)].slice(0, samples);
  const listed = size === 0 ? [...sizes, repeated(be("", 4, PACKET_BYTES), Math.max(0, samples - 2))] : [];
  return box(
    "stbl",
    full("stsd", 0, be("count", 4, 1), entry),
    table("stts", times),
    table("stsc", groups),
    full("stsz", 0, be("size", 4, size), be("count", 4, samples), ...listed),
    table(isLong ? "co64" : "stco", offsets),
  );
}

export interface MovieShape extends TableShape {
  readonly timescale?: number;
  readonly edits?: Entries;
  readonly inMovie?: readonly Part[];
  readonly inTrack?: readonly Part[];
}

export function edit(length: number, startTicks: number): Piece {
  const start = be("time", 4, BigInt.asUintN(32, BigInt(startTicks)));
  return piece(be("length", 4, length), start, be("speed", 4, 0x10000));
}

export function moov(shape: MovieShape): Piece {
  const { timescale = TIMESCALE, edits = [edit(0, 0)], inMovie = [], inTrack = [] } = shape;
  const times = (name: string) =>
    full(
      name,
      0,
      be("made", 4, 0),
      be("changed", 4, 0),
      be("timescale", 4, timescale),
      be("duration", 4, 0),
      new Uint8Array(4),
    );
  const minf = box(
    "minf",
    full("smhd", 0, [0, 0, 0, 0]),
    box("dinf", full("dref", 0, be("count", 4, 1), full("url ", 1))),
    stbl(shape),
  );
  const hdlr = full("hdlr", 0, [0, 0, 0, 0], "soun", new Uint8Array(13));
  const mdia = box("mdia", times("mdhd"), hdlr, minf);
  const tkhd = full(
    "tkhd",
    3,
    be("made", 4, 0),
    be("changed", 4, 0),
    be("id", 4, 1),
    [0, 0, 0, 0],
    be("duration", 4, 0),
    new Uint8Array(16),
    MATRIX,
    new Uint8Array(8),
  );
  const mvhd = full(
    "mvhd",
    0,
    be("made", 4, 0),
    be("changed", 4, 0),
    be("timescale", 4, 1_000),
    be("duration", 4, 0),
    new Uint8Array(80),
  );
  return box("moov", mvhd, box("trak", tkhd, box("edts", table("elst", edits)), mdia, ...inTrack), ...inMovie);
}

export const ftyp = box("ftyp", "M4A ", be("minor", 4, 0), "isommp42");
export const sound = new Uint8Array(PACKETS * PACKET_BYTES);

export function file(shape: MovieShape): Piece {
  return piece(ftyp, box("mdat", sound), moov(shape));
}

/** Empty tables. Each fragment has its own (14496-12, 8.8). */
export const NO_SAMPLES: TableShape = { samples: 0, times: [], groups: [], offsets: [] };
export const mvex = box(
  "mvex",
  full("mehd", 0, be("duration", 4, 0)),
  full(
    "trex",
    0,
    be("id", 4, 1),
    be("description", 4, 1),
    be("ticks", 4, PACKET_TICKS),
    be("size", 4, PACKET_BYTES),
    be("flags", 4, 0),
  ),
);
const FRAGMENT_PACKETS = 15;

export function fragment(number: number, { packets = FRAGMENT_PACKETS, isListed = true } = {}): Piece {
  const tfhd = full(
    "tfhd",
    0x020038,
    be("track", 4, 1),
    be("ticks", 4, PACKET_TICKS),
    be("size", 4, PACKET_BYTES),
    be("flags", 4, 0),
  );
  const tfdt = full("tfdt", 0, be("time", 4, number * FRAGMENT_PACKETS * PACKET_TICKS));
  const entry = piece(be("ticks", 4, PACKET_TICKS), be("size", 4, PACKET_BYTES));
  const listed = isListed ? [repeated(entry, packets)] : [];
  const trun = full("trun", isListed ? 0x301 : 0x001, be("count", 4, packets), be("offset", 4, 0), ...listed);
  const moof = box("moof", full("mfhd", 0, be("sequence", 4, number + 1)), box("traf", tfhd, tfdt, trun));
  return piece(moof, box("mdat", new Uint8Array(packets * PACKET_BYTES)));
}

export function fragmented(count: number): Piece {
  const sidx = full(
    "sidx",
    0,
    be("id", 4, 1),
    be("timescale", 4, TIMESCALE),
    be("earliest", 4, 0),
    be("first", 4, 0),
    be("count", 4, 1),
    be("size", 4, 1_000),
    be("ticks", 4, 16_000),
    be("sap", 4, 0),
  );
  const mfra = box(
    "mfra",
    full(
      "tfra",
      0,
      be("track", 4, 1),
      be("lengths", 4, 0),
      be("count", 4, 1),
      be("time", 4, 0),
      be("moof", 4, 0),
      [1, 1, 1],
    ),
    full("mfro", 0, be("size", 4, 60)),
  );
  const fragments = Array.from({ length: count }, (_, index) =>
    named(index === 0 || index === count - 1 ? `fragment ${index}` : null, fragment(index)),
  );
  return piece(ftyp, moov({ ...NO_SAMPLES, inMovie: [mvex] }), sidx, ...fragments, mfra);
}
