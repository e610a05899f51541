// ISO/IEC 13818-1.
import { adtsFrames } from "./mpeg-audio.ts";
import { named, numbers, piece, type Part, type Piece } from "./pieces.ts";
import { filling } from "./quantity.ts";
import { caseOf, type Generator, type Skeleton, type StructuralCase } from "./shape.ts";

const PACKET_BYTES = 188;
const PMT_PID = 0x100;
const AUDIO_PID = 0x101;
const VIDEO_PID = 0x102;
const NULL_PID = 0x1fff;
const CLOCK_HZ = 90_000;
/** Five frames of 1,024 samples at 8 kHz, which almost fill a packet. */
const PES_TICKS = (5 * 1_024 * CLOCK_HZ) / 8_000;
const FRAMES_A_PES = 5;
const FRAME_BYTES = 30;

interface PacketShape {
  readonly pid: number;
  readonly startsUnit?: boolean;
  readonly counter?: number;
  /** 1: only payload, 2: only adaptation, 3: both. */
  readonly control?: number;
  readonly adaptation?: Part;
  readonly payload?: Part;
}

function packet({ pid, startsUnit = false, counter = 0, control = 1, adaptation, payload = [] }: PacketShape): Piece {
  const head = numbers(
    ["sync", 8, 0x47],
    ["error", 1, 0],
    ["starts", 1, startsUnit ? 1 : 0],
    ["priority", 1, 0],
    ["pid", 13, pid],
    ["scrambling", 2, 0],
    ["control", 2, control],
    ["counter", 4, counter & 15],
  );
  const field =
    adaptation === undefined
      ? piece()
      : piece(numbers(["adaptation length", 8, piece(adaptation).bytes.length]), adaptation);
  const body = piece(head, field, payload);
  return piece(body, new Uint8Array(PACKET_BYTES - body.bytes.length).fill(0xff));
}

function section(tableId: number, number: number, body: Part, claimed?: number): Piece {
  const inside = piece(body);
  const length = claimed ?? 5 + inside.bytes.length + 4;
  const head = numbers(
    ["table", 8, tableId],
    ["", 4, 11],
    ["section length", 12, length],
    ["number", 16, number],
    ["", 8, 0xc1],
    ["section", 8, 0],
    ["last section", 8, 0],
  );
  return piece(head, inside, new Uint8Array(4));
}

function tablePacket(pid: number, table: Part): Piece {
  return packet({ pid, startsUnit: true, payload: piece(numbers(["pointer", 8, 0]), table) });
}

function pat(programmes = 1): Piece {
  const entries = Array.from({ length: programmes }, (_, index) =>
    numbers(["programme", 16, index + 1], ["", 3, 7], ["map pid", 13, PMT_PID]),
  );
  return tablePacket(0, section(0, 1, piece(...entries)));
}

function pmt(streams: readonly Part[]): Piece {
  const head = numbers(["", 3, 7], ["clock pid", 13, AUDIO_PID], ["", 4, 15], ["info length", 12, 6]);
  return tablePacket(PMT_PID, section(2, 1, piece(head, [5, 4], "none", ...streams)));
}

function entry(type: number, pid: number): Piece {
  return numbers(["type", 8, type], ["", 3, 7], ["pid", 13, pid], ["", 4, 15], ["entry length", 12, 0]);
}

function stamp(mark: number, ticks: number | bigint): Piece {
  const value = BigInt.asUintN(33, BigInt(ticks));
  return numbers(
    ["", 4, mark],
    ["time high", 3, value >> 30n],
    ["", 1, 1],
    ["time middle", 15, (value >> 15n) & 0x7fffn],
    ["", 1, 1],
    ["time low", 15, value & 0x7fffn],
    ["", 1, 1],
  );
}

function clock(ticks: number): Piece {
  return numbers(["flags", 8, 0x10], ["clock", 33, ticks], ["", 15, 0]);
}

function pes(ticks: number, sound: Part): Piece {
  const times = stamp(2, ticks);
  const length = 3 + 5 + piece(sound).bytes.length;
  const head = numbers(
    ["start code", 24, 1],
    ["stream", 8, 0xc0],
    ["pes length", 16, length],
    ["flags", 8, 0x80],
    ["stamps", 2, 2],
    ["", 6, 0],
    ["header length", 8, 5],
  );
  return piece(head, times, sound);
}

function sounding(index: number, pid = AUDIO_PID): Piece {
  const ticks = CLOCK_HZ + index * PES_TICKS;
  return packet({
    pid,
    startsUnit: true,
    counter: index,
    control: 3,
    adaptation: clock(ticks),
    payload: pes(ticks, adtsFrames(FRAMES_A_PES, FRAME_BYTES, 11)),
  });
}

const tables = piece(pat(), pmt([entry(0x0f, AUDIO_PID), entry(0x1b, VIDEO_PID)]));
const audioTables = piece(pat(), pmt([entry(0x0f, AUDIO_PID)]));

function stream(packets: number, front: Piece = audioTables): Piece {
  const body = Array.from({ length: packets }, (_, index) =>
    named(index === 0 || index === packets - 1 ? `packet ${index}` : null, sounding(index)),
  );
  return piece(front, ...body);
}

const skeletons: readonly Skeleton[] = [
  { name: "audio", piece: stream(105) },
  { name: "with video", piece: stream(105, tables) },
];

function special(quantityBytes: number): readonly StructuralCase[] {
  const head = stream(8).bytes;
  const tail = sounding(115).bytes;
  const fill = (name: string, shape: Parameters<typeof filling>[2]) => filling(name, quantityBytes, shape);
  const between = (name: string, unit: Part) => fill(name, { head, unit: piece(unit).bytes, tail });
  const front = (name: string, unit: Part) =>
    fill(`${name} before the tables`, { unit: piece(unit).bytes, tail: stream(20).bytes });
  const empties: readonly (readonly [string, Piece])[] = [
    ["null packets", packet({ pid: NULL_PID })],
    ["empty tables", packet({ pid: 0, startsUnit: true, payload: [0] })],
    ["tables that never end", tablePacket(0, section(0, 1, new Uint8Array(160), 4_093))],
    ["empty sections", packet({ pid: 0, startsUnit: true, payload: piece([0], new Uint8Array(183)) })],
    ["tables of programmes that are not there", pat(40)],
    ["continued tables", packet({ pid: 0, payload: new Uint8Array(184) })],
    ["empty packets of the programme", packet({ pid: PMT_PID, startsUnit: true, payload: [0] })],
    ["maps", pmt([entry(0x0f, AUDIO_PID)])],
    ["maps of many streams", pmt(Array.from({ length: 30 }, (_, index) => entry(0x0f, 0x200 + index)))],
    ["packets without payload", packet({ pid: AUDIO_PID, control: 2, adaptation: new Uint8Array(183) })],
    ["packets of no adaptation", packet({ pid: AUDIO_PID, control: 0 })],
    ["pieces of sound that never begin", packet({ pid: AUDIO_PID, payload: new Uint8Array(184) })],
    ["empty units of sound", packet({ pid: AUDIO_PID, startsUnit: true, payload: pes(CLOCK_HZ, []) })],
    ["units of headers alone", packet({ pid: AUDIO_PID, startsUnit: true, payload: pes(CLOCK_HZ, adtsFrames(20, 7)) })],
    ["units of one time", sounding(0)],
    ["video of no bytes", packet({ pid: VIDEO_PID, startsUnit: true, payload: pes(CLOCK_HZ, []) })],
    ["clocks that go on and back", piece(sounding(0), sounding(100_000))],
    ["clocks that go back and forth a little", piece(sounding(0), sounding(200))],
    ["scrambled packets", piece([0x47, 0x01, 0x01, 0xd0], new Uint8Array(184))],
    ["sync bytes", piece(new Uint8Array(PACKET_BYTES).fill(0x47))],
    ["packets that are a byte too long", piece(packet({ pid: NULL_PID }), [0])],
    ["packets a byte too short", piece(packet({ pid: NULL_PID }).bytes.subarray(1))],
  ];
  return [
    ...empties.flatMap(([name, unit]) => [between(name, unit), front(name, unit)]),
    between("joined files", stream(2)),
    between("joined tables", audioTables),
    fill("joined files of video", { unit: stream(1, tables).bytes }),
    fill("a clock of each packet", {
      head,
      unit: sounding(0).bytes,
      stamp: (unit, index) => new DataView(unit.buffer, unit.byteOffset).setUint32(6, (index * 0x9e3779b1) >>> 0),
      tail,
    }),
    fill("a stream of each packet", {
      head,
      unit: sounding(0).bytes,
      stamp: (unit, index) => new DataView(unit.buffer, unit.byteOffset).setUint16(1, 0x4000 | (index & 0x1fff)),
      tail,
    }),
    ...[0, 1, 2 ** 32, 2 ** 33 - 1].map((ticks) => {
      const payload = pes(ticks, adtsFrames(FRAMES_A_PES, FRAME_BYTES, 11));
      return caseOf(`ends at ${ticks}`, piece(head, packet({ pid: AUDIO_PID, startsUnit: true, payload })).bytes);
    }),
  ];
}

export const mpegTsGenerator: Generator = { container: "mpegts", skeletons, special };
