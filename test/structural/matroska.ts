// RFC 8794 (EBML) and RFC 9559 (Matroska).
import { cases } from "./matroska-cases.ts";
import { element, float, header, text, tree, type Tree, uint, unknown } from "./matroska-elements.ts";
import { piece } from "./pieces.ts";
import { filling } from "./quantity.ts";
import { caseOf, type Generator, type Skeleton, type StructuralCase } from "./shape.ts";

const CLUSTERS = 17;
const CLUSTER_MS = 4_000;
const BLOCKS = 4;
const BLOCK_MS = 800;

const ebml = tree(0x1a45dfa3, "EBML", [
  uint(0x4286, "EBMLVersion", 1),
  uint(0x42f7, "EBMLReadVersion", 1),
  uint(0x42f2, "EBMLMaxIDLength", 4),
  uint(0x42f3, "EBMLMaxSizeLength", 8),
  text(0x4282, "DocType", "matroska"),
  uint(0x4287, "DocTypeVersion", 4),
  uint(0x4285, "DocTypeReadVersion", 2),
]);
const seekHead = tree(0x114d9b74, "SeekHead", [
  tree(0x4dbb, "Seek", [uint(0x53ab, "SeekID", 0x1c53bb6b), uint(0x53ac, "SeekPosition", 9_000, 8)]),
]);
const info = tree(0x1549a966, "Info", [
  uint(0x2ad7b1, "TimestampScale", 1_000_000),
  float(0x4489, "Duration", CLUSTERS * CLUSTER_MS),
  uint(0x4461, "DateUTC", 0, 8),
  text(0x4d80, "MuxingApp", "none"),
]);
const track = tree(0xae, "TrackEntry", [
  uint(0xd7, "TrackNumber", 1),
  uint(0x73c5, "TrackUID", 1),
  uint(0x83, "TrackType", 2),
  uint(0xb9, "FlagEnabled", 1),
  uint(0x88, "FlagDefault", 1),
  uint(0x55aa, "FlagForced", 0),
  uint(0x9c, "FlagLacing", 1),
  uint(0x23e383, "DefaultDuration", 20_000_000),
  float(0x23314f, "TrackTimestampScale", 1),
  uint(0x55ee, "MaxBlockAdditionID", 0),
  text(0x22b59c, "Language", "eng"),
  text(0x86, "CodecID", "A_OPUS"),
  text(0x63a2, "CodecPrivate", "OpusHead\x01\x01\x38\x01\x80\xbb\0\0\0\0\0"),
  uint(0x56aa, "CodecDelay", 6_500_000),
  uint(0x56bb, "SeekPreRoll", 80_000_000),
  tree(0xe1, "Audio", [
    float(0xb5, "SamplingFrequency", 48_000),
    float(0x78b5, "OutputSamplingFrequency", 48_000),
    uint(0x9f, "Channels", 1),
    uint(0x6264, "BitDepth", 16),
  ]),
  tree(0x6d80, "ContentEncodings", [
    tree(0x6240, "ContentEncoding", [
      uint(0x5031, "ContentEncodingOrder", 0),
      uint(0x5032, "ContentEncodingScope", 1),
      uint(0x5033, "ContentEncodingType", 0),
      tree(0x5034, "ContentCompression", [uint(0x4254, "ContentCompAlgo", 3), text(0x4255, "ContentCompSettings", "")]),
    ]),
  ]),
]);
const video = tree(0xae, "Video", [
  uint(0xd7, "TrackNumber", 2),
  uint(0x83, "TrackType", 1),
  text(0x86, "CodecID", "V_VP8"),
  tree(0xe0, "Picture", [
    uint(0xb0, "PixelWidth", 16),
    uint(0xba, "PixelHeight", 16),
    uint(0x54b0, "DisplayWidth", 16),
  ]),
]);

function block(index: number): Uint8Array {
  return Uint8Array.from([0x81, (index * BLOCK_MS) >> 8, (index * BLOCK_MS) & 255, 0x80, 0xfc, 0, 0]);
}

function cluster(index: number): Tree {
  const blocks = Array.from({ length: BLOCKS }, (_, number) =>
    element(0xa3, block(number), number === 0 ? "SimpleBlock" : ""),
  );
  const group = tree(0xa0, "BlockGroup", [
    element(0xa1, Uint8Array.from([0x81, 0x0c, 0x80, 0, 0xfc]), "Block"),
    uint(0x9b, "BlockDuration", 20),
    uint(0xfa, "ReferencePriority", 0),
    uint(0xfb, "ReferenceBlock", 0),
    uint(0x75a2, "DiscardPadding", 0, 4),
    tree(0x75a1, "BlockAdditions", [tree(0xa6, "BlockMore", [uint(0xee, "BlockAddID", 1)])]),
  ]);
  return tree(0x1f43b675, "Cluster", [
    uint(0xe7, "Timestamp", index * CLUSTER_MS),
    uint(0xa7, "Position", 0),
    uint(0xab, "PrevSize", 90),
    ...blocks,
    group,
  ]);
}

/** Uncompressed sound in the smallest number of elements. */
function pcmTrack(rate: number): Tree {
  return tree(0xae, "", [
    uint(0xd7, "", 1),
    uint(0x83, "", 2),
    text(0x86, "", "A_PCM/INT/LIT"),
    tree(0xe1, "", [float(0xb5, "", rate), uint(0x9f, "", 1), uint(0x6264, "", 16)]),
  ]);
}

function anonymous(one: Tree): Tree {
  return { ...one, name: "", ...("children" in one && { children: one.children.map(anonymous) }) };
}

const cuePoint = tree(0xbb, "CuePoint", [
  uint(0xb3, "CueTime", 0),
  tree(0xb7, "CueTrackPositions", [
    uint(0xf7, "CueTrack", 1),
    uint(0xf1, "CueClusterPosition", 500, 4),
    uint(0xf0, "CueRelativePosition", 3),
    uint(0xb2, "CueDuration", 20),
    uint(0x5378, "CueBlockNumber", 1),
  ]),
]);
const cues = tree(0x1c53bb6b, "Cues", [cuePoint]);
const clusters = Array.from({ length: CLUSTERS }, (_, index) =>
  index === 1 ? cluster(index) : anonymous(cluster(index)),
);
const segment = tree(0x18538067, "Segment", [
  seekHead,
  info,
  tree(0x1654ae6b, "Tracks", [track, video]),
  ...clusters,
  cues,
]);
const file: readonly Tree[] = [ebml, segment];

const bytesOf = (...trees: readonly Tree[]) => piece(...trees.map((one) => header(one))).bytes;
const skeletons: readonly Skeleton[] = [{ name: "opus", piece: piece(...file.map((one) => header(one))) }];

/** The file that made the runtime hang: a TimestampScale of unknown size. */
const HANG = "1a45dfa38b4282886d6174726f736b611853806701ffffffffffffff1549a966862ad7b1ff";

function special(quantityBytes: number): readonly StructuralCase[] {
  const openSegment = piece(bytesOf(ebml), unknown(0x18538067)).bytes;
  const opening = piece(openSegment, bytesOf(info, anonymous(tree(0x1654ae6b, "", [track])))).bytes;
  const ending = bytesOf(cluster(1), cluster(CLUSTERS));
  const fill = (name: string, shape: Parameters<typeof filling>[2]) => filling(name, quantityBytes, shape);
  const oddHeads: readonly (readonly [string, number])[] = [
    ["voids", 0xec],
    ["tags", 0x1254c367],
    ["infos", 0x1549a966],
    ["tracks", 0x1654ae6b],
    ["cues", 0x1c53bb6b],
    ["seek heads", 0x114d9b74],
    ["unknown elements", 0x81],
  ];
  const inCluster: readonly (readonly [string, number])[] = [
    ["clusters", 0x1f43b675],
    ["blocks", 0xa3],
    ["block groups", 0xa0],
    ["timestamps", 0xe7],
    ["voids", 0xec],
    ["segments", 0x18538067],
    ["EBML headers", 0x1a45dfa3],
  ];
  const live = bytesOf(cluster(1));
  return [
    caseOf("a time scale of unknown size", piece(Buffer.from(HANG, "hex"), new Uint8Array(22)).bytes),
    ...[0, 1, 7, 3_999, 768_001, NaN, Infinity, -8_000].map((rate) =>
      caseOf(
        `PCM of ${rate} Hz`,
        piece(openSegment, bytesOf(info, tree(0x1654ae6b, "", [pcmTrack(rate)])), ending).bytes,
      ),
    ),
    ...oddHeads.map(([name, id]) =>
      fill(`empty ${name} in the header`, {
        head: openSegment,
        unit: bytesOf(element(id, "", "")),
        tail: piece(opening.subarray(openSegment.length), ending).bytes,
      }),
    ),
    ...inCluster.flatMap(([name, id]) => [
      fill(`empty ${name}`, { head: opening, unit: bytesOf(element(id, "", "")), tail: ending }),
      fill(`${name} of unknown size`, { head: opening, unit: unknown(id), tail: ending }),
    ]),
    fill("clusters of a time", {
      head: opening,
      unit: bytesOf(tree(0x1f43b675, "", [uint(0xe7, "", 5)])),
      tail: ending,
    }),
    fill("clusters with a time each", {
      head: opening,
      unit: bytesOf(tree(0x1f43b675, "", [uint(0xe7, "", 0, 8)])),
      stamp: (unit, index) => new DataView(unit.buffer, unit.byteOffset).setUint32(unit.length - 4, index),
      tail: ending,
    }),
    fill("clusters whose times jump", {
      head: opening,
      unit: live,
      stamp: (unit, index) => unit.fill(index % 2 === 0 ? 0 : 9, 10, 11),
      tail: ending,
    }),
    fill("cluster marks", { head: opening, unit: Uint8Array.of(0x1f, 0x43, 0xb6, 0x75), tail: ending }),
    fill("blocks of no bytes of sound", {
      head: piece(opening, unknown(0x1f43b675), bytesOf(uint(0xe7, "", 0))).bytes,
      unit: bytesOf(element(0xa3, block(0).subarray(0, 4), "")),
    }),
    fill("blocks with laces", {
      head: piece(opening, unknown(0x1f43b675), bytesOf(uint(0xe7, "", 0))).bytes,
      unit: bytesOf(element(0xa3, Uint8Array.from([0x81, 0, 0, 0x84, 0xff, ...new Uint8Array(256)]), "")),
    }),
    fill("time scales", { head: piece(openSegment, unknown(0x1549a966)).bytes, unit: bytesOf(uint(0x2ad7b1, "", 1)) }),
    fill("cue points", { head: piece(opening, live, unknown(0x1c53bb6b)).bytes, unit: bytesOf(anonymous(cuePoint)) }),
    fill("audio tracks", {
      head: piece(openSegment, unknown(0x1654ae6b)).bytes,
      unit: bytesOf(anonymous(track)),
      tail: ending,
    }),
    fill("nested elements", { head: openSegment, unit: unknown(0x1654ae6b), tail: ending }),
    fill("nested groups", { head: opening, unit: unknown(0xa0), tail: ending }),
    fill("joined files", { unit: piece(opening, live).bytes }),
    fill("joined headers", { unit: bytesOf(ebml) }),
    fill("zeros", { head: opening, unit: new Uint8Array(1), tail: ending }),
  ];
}

export const matroskaGenerator: Generator = { container: "matroska", skeletons, special, forms: () => cases(file) };
