import {
  box,
  edit,
  entryHead,
  file,
  fragment,
  fragmented,
  ftyp,
  longBox,
  moov,
  mvex,
  NO_SAMPLES,
  PACKET_BYTES,
  PACKETS,
  group,
  place,
  time,
  sound,
  type MovieShape,
} from "./mp4-movie.ts";
import { be, piece, repeated, type Part } from "./pieces.ts";
import { filling } from "./quantity.ts";
import { caseOf, type Generator, type Skeleton, type StructuralCase } from "./shape.ts";

function pcm(name: string, rate: number): MovieShape {
  return {
    entry: box(name, entryHead(1, 16, rate)),
    size: 2,
    samples: 8_000,
    times: [time(8_000, 1)],
    timescale: 8_000,
  };
}

const skeletons: readonly Skeleton[] = [
  { name: "m4a", piece: file({}) },
  {
    name: "co64, groups, edits",
    piece: file({
      isLong: true,
      offsets: [48, 48, 48].map((offset) => place(offset, 8)),
      groups: [group(1, 350), group(2, 350)],
      edits: [edit(500, -1), edit(0, 0)],
    }),
  },
  { name: "long boxes", piece: piece(ftyp, longBox("mdat", sound), moov({ size: PACKET_BYTES })) },
  { name: "sowt", piece: piece(ftyp, box("mdat", new Uint8Array(16_000)), moov(pcm("sowt", 8_000))) },
  { name: "fragmented", piece: fragmented(70) },
];

/** Return cases in which tables claim large counts, in few bytes and in many. */
function claims(): readonly StructuralCase[] {
  const MOST = 2 ** 32 - 1;
  const shapes: readonly (readonly [string, MovieShape])[] = [
    [
      "2^32 packets of a byte",
      { size: 1, samples: MOST, times: [time(MOST, 1)], groups: [group(1, MOST)], timescale: 600_000 },
    ],
    [
      "2^32 packets of a byte and no time",
      { size: 1, samples: MOST, times: [time(MOST, 0)], groups: [group(1, MOST)] },
    ],
    [
      "2^32 packets of the largest size",
      { size: MOST, samples: MOST, times: [time(MOST, 1)], groups: [group(1, MOST)] },
    ],
    ["2^32 packets in groups of one", { size: 1, samples: MOST, times: [time(MOST, 1)], groups: [group(1, 1)] }],
    ["2^32 packets in groups of none", { size: 1, samples: MOST, times: [time(MOST, 1)], groups: [group(1, 0)] }],
    ["2^32 samples of PCM", { ...pcm("sowt", 8_000), samples: MOST, times: [time(MOST, 1)], groups: [group(1, MOST)] }],
    [
      "2^32 samples of PCM a tick of no time",
      { ...pcm("sowt", 8_000), samples: MOST, times: [time(MOST, 0)], groups: [group(1, MOST)] },
    ],
    ...[0, 1, 7, 3_999, 65_535].map((rate) => [`PCM of ${rate} Hz`, pcm("twos", rate)] as const),
    ...[0, 1, 2 ** 31, MOST].map((timescale) => [`a time scale of ${timescale}`, { timescale }] as const),
    ["the longest packets", { times: [time(PACKETS, MOST)] }],
    ["places that overlap", { offsets: { unit: place(48), count: PACKETS }, groups: [group(1, 1)] }],
    [
      "places that go back",
      { offsets: Array.from({ length: PACKETS }, (_, index) => place(40_000 - index)), groups: [group(1, 1)] },
    ],
    ["a week of time in few bytes", { times: [time(PACKETS, 9_000_000)] }],
  ];
  return shapes.map(([name, shape]) =>
    caseOf(name, file({ ...shape, ...(shape.size !== undefined && { offsets: [place(48)] }) }).bytes),
  );
}

function special(quantityBytes: number): readonly StructuralCase[] {
  const fill = (name: string, shape: Parameters<typeof filling>[2]) => filling(name, quantityBytes, shape);
  const plain = file({}).bytes;
  const opening = piece(ftyp, moov({ ...NO_SAMPLES, inMovie: [mvex] })).bytes;
  const last = fragment(60).bytes;
  const inMoov = (name: string, count: number, part: Part) =>
    caseOf(name, () => piece(ftyp, box("mdat", sound), moov({ inMovie: [repeated(part, count)] })).bytes);
  const tables = (name: string, shape: () => MovieShape) => caseOf(name, () => file(shape()).bytes);
  const entries = Math.floor(quantityBytes / 16);
  return [
    ...claims(),
    fill("boxes of 8 bytes", { head: ftyp.bytes, unit: box("free").bytes, tail: plain.subarray(ftyp.bytes.length) }),
    fill("boxes of 8 bytes behind the index", { head: plain, unit: box("free").bytes }),
    fill("boxes of 8 bytes among fragments", { head: opening, unit: box("free").bytes, tail: last }),
    fill("long boxes of 16 bytes", { head: ftyp.bytes, unit: longBox("free").bytes }),
    fill("file types", { unit: ftyp.bytes, tail: plain }),
    fill("indices", { head: ftyp.bytes, unit: box("moov").bytes, tail: plain }),
    fill("empty fragments", { head: opening, unit: box("moof").bytes, tail: last }),
    fill("fragments of no packets", { head: opening, unit: fragment(0, { packets: 0 }).bytes, tail: last }),
    fill("fragments of a packet", { head: opening, unit: fragment(0, { packets: 1 }).bytes, tail: last }),
    fill("fragments of a time", { head: opening, unit: fragment(0).bytes }),
    fill("fragments that claim 2^32 packets", {
      head: opening,
      unit: fragment(0, { packets: 2, isListed: false }).bytes,
      stamp: claimPackets,
      tail: last,
    }),
    fill("joined files", { unit: piece(opening, fragment(0)).bytes }),
    fill("joined headers", { unit: opening }),
    fill("marks of fragments", { head: opening, unit: Buffer.from("moof"), tail: last }),
    fill("marks of file types", { head: opening, unit: piece(be("", 4, 16), "ftyp").bytes, tail: last }),
    inMoov("small boxes in the index", entries, box("free")),
    inMoov("empty tracks", entries, box("trak")),
    inMoov("tracks", Math.floor(quantityBytes / 8_000), moov({}).bytes.subarray(116)),
    inMoov("defaults of fragments", entries, box("trex", new Uint8Array(24))),
    tables("an edit list of many", () => ({ edits: { unit: edit(1, -1), count: entries } })),
    tables("times of one packet each", () => ({ times: { unit: time(1, 1), count: entries }, samples: entries })),
    tables("times of no packets", () => ({ times: { unit: time(0, 1), count: entries } })),
    tables("groups of no packets", () => ({
      groups: { unit: group(1, 0), count: entries },
      offsets: { unit: place(48), count: entries },
    })),
    tables("groups that begin at once", () => ({ groups: { unit: group(1, 1), count: entries } })),
    tables("places of a packet each", () => ({
      samples: entries,
      groups: [group(1, 1)],
      offsets: { unit: place(48), count: entries },
    })),
    ...["moov", "trak", "mdia", "stbl", "meta", "udta"].map((name) =>
      caseOf(
        `${name} in ${name}`,
        piece(ftyp, moov({ inMovie: [nest(name, 3_000)], inTrack: [nest(name, 3_000)] })).bytes,
      ),
    ),
  ];
}

/** Nested boxes that contain nothing else. */
function nest(name: string, depth: number): Uint8Array {
  const bytes = repeated(box(name), depth);
  const view = new DataView(bytes.buffer);
  for (let at = 0; at < bytes.length; at += 8) view.setUint32(at, bytes.length - at);
  return bytes;
}

function claimPackets(unit: Uint8Array): void {
  const at = Buffer.from(unit.buffer, unit.byteOffset, unit.length).indexOf("trun");
  new DataView(unit.buffer, unit.byteOffset).setUint32(at + 8, 2 ** 32 - 1);
}

export const mp4Generator: Generator = { container: "mp4", skeletons, special };
