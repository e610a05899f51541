import { asciiAt, byteAt, concatBytes } from "../reading/bytes.ts";
import { languageOrNull } from "../chunks/tracks.ts";
import { PACKET_BYTES, packetsIn, pidAt } from "./packet.ts";
import type { Work } from "../reading/work.ts";

/** An elementary stream in a programme's table. */
export interface Stream {
  readonly pid: number;
  readonly kind: "audio" | "video" | "other";
  /** The codec, if it is audio that cannot be cut out of a transport stream. */
  readonly unreadable?: string;
  readonly codec: string;
  /** The language in its descriptor (ISO 639-2). */
  readonly language: string | null;
  /** Whether it is for people who do not see or hear well, and so not the programme's main sound. */
  readonly isForSome: boolean;
  /** Its entry in the table. */
  readonly entry: Uint8Array;
}

export interface Programme {
  readonly clockPid: number;
  /** The table's own descriptors, after their length. */
  readonly descriptors: Uint8Array;
  readonly streams: readonly Stream[];
}

/** The memory of a stream: three objects, and its bytes. */
const STREAM_ENTRIES = 6;
const ASSOCIATION = 0x00;
const MAP = 0x02;
const STUFFING = 0xff;
const PMT_PID = 0x1ffe;
const VIDEO_TYPES = new Set([0x01, 0x02, 0x10, 0x1b, 0x1e, 0x1f, 0x20, 0x24, 0x33, 0x42, 0xd1, 0xea]);
const READABLE_TYPES = new Set([0x03, 0x04, 0x0f, 0x81, 0x82, 0x87, 0x8a]);
const UNREADABLE_TYPES: Readonly<Record<number, string>> = {
  0x11: "AAC in LATM",
  0x1c: "AAC without headers",
  0x2d: "MPEG-H",
  0x80: "PCM of a Blu-ray disc",
  0x83: "Dolby TrueHD",
  0x84: "Dolby Digital Plus of a Blu-ray disc",
};
/** Three kinds of DTS, on Blu-ray discs only. */
const DISC_TYPES = new Set([0x85, 0x86, 0xa2]);
const PRIVATE_TYPE = 0x06;
const READABLE_TAGS = new Set([0x6a, 0x7a, 0x7b, 0xcc]);
const REGISTRATION_TAG = 0x05;
const NAME_BYTES = 4;
/** The descriptors that name a codec. Only these are kept, because a table must fit in one packet. */
const NAMING_TAGS = new Set([REGISTRATION_TAG, ...READABLE_TAGS]);

/**
 * Return the programmes in the order of their table. Null as long as the table of the first one may still come. A recorder that
 * stores one programme often stores the table of all.
 */
export function readProgrammes(head: Uint8Array, isAllThereIs: boolean, work: Work): readonly Programme[] | null {
  const association = firstSection(head, 0, work);
  if (association === null) return null;
  // A table may list one programme a thousand times.
  const listed = new Map<string, { readonly number: number; readonly pid: number }>();
  for (let at = 8; at + 8 <= association.length; at += 4) {
    work.visit();
    const number = (byteAt(association, at) << 8) | byteAt(association, at + 1);
    const pid = pidAt(association, at + 2);
    if (number !== 0) listed.set(`${pid}/${number}`, { number, pid });
  }
  const maps = findMaps(head, [...listed.values()], work);
  const programmes: Programme[] = [];
  for (const name of listed.keys()) {
    const map = maps.get(name);
    if (map !== undefined) programmes.push(readMap(map, work));
    else if (programmes.length === 0 && !isAllThereIs) return null;
  }
  return programmes.length === 0 ? null : programmes;
}

function firstSection(head: Uint8Array, pid: number, work: Work): Uint8Array | null {
  for (const { section: found, tableId } of sectionsIn(head, new Set([pid]), work)) {
    if (tableId === ASSOCIATION) return found;
  }
  return null;
}

/** Find the first table of each programme in one pass. */
function findMaps(
  head: Uint8Array,
  listed: readonly { readonly number: number; readonly pid: number }[],
  work: Work,
): ReadonlyMap<string, Uint8Array> {
  const wanted = new Set(listed.map(({ number, pid }) => `${pid}/${number}`));
  const maps = new Map<string, Uint8Array>();
  for (const { section: found, tableId, pid } of sectionsIn(head, new Set(listed.map((one) => one.pid)), work)) {
    if (tableId !== MAP) continue;
    const name = `${pid}/${(byteAt(found, 3) << 8) | byteAt(found, 4)}`;
    if (wanted.has(name) && !maps.has(name)) maps.set(name, found);
    if (maps.size === wanted.size) break;
  }
  return maps;
}

/** Write tables of one programme with one stream. mediabunny would search for other streams, and refuses other programmes. */
export function tablesFor(
  { descriptors }: Pick<Programme, "descriptors">,
  { entry, pid }: Pick<Stream, "entry" | "pid">,
) {
  const association = section(0x00, Uint8Array.of(0x00, 0x01, 0xe0 | (PMT_PID >> 8), PMT_PID & 255));
  const map = section(0x02, concatBytes([Uint8Array.of(0xe0 | (pid >> 8), pid & 255), descriptors, entry]));
  return concatBytes([tablePacket(0, association), tablePacket(PMT_PID, map)]);
}

function readMap(map: Uint8Array, work: Work): Programme {
  const end = map.length - 4;
  const own = naming(map.subarray(12, 12 + lengthAt(map, 10)));
  const isDisc = ["HDMV", "HDPR"].some((name) => own.registrations.includes(name));
  const streams: Stream[] = [];
  for (let at = 12 + lengthAt(map, 10); at + 5 <= end; at += 5 + lengthAt(map, at + 3)) {
    work.visit();
    work.keep(STREAM_ENTRIES);
    const type = byteAt(map, at);
    const named = naming(map.subarray(at + 5, Math.min(end, at + 5 + lengthAt(map, at + 3))));
    const entry = concatBytes([map.subarray(at, at + 3), withLength(named.bytes)]);
    const kind = kindOf(type, named, isDisc);
    const codec = kind.unreadable ?? STREAM_CODECS[type] ?? "unknown";
    streams.push({ pid: pidAt(map, at + 1), entry, ...kind, codec, ...named.spoken });
  }
  return { clockPid: pidAt(map, 8), descriptors: withLength(own.bytes), streams };
}

function kindOf(type: number, { tags, registrations }: Naming, isDisc: boolean): Pick<Stream, "kind" | "unreadable"> {
  if (VIDEO_TYPES.has(type)) return { kind: "video" };
  if (READABLE_TYPES.has(type) || (isDisc && DISC_TYPES.has(type))) return { kind: "audio" };
  const unreadable = UNREADABLE_TYPES[type];
  if (unreadable !== undefined) return { kind: "audio", unreadable };
  if (type !== PRIVATE_TYPE) return { kind: "other" };
  if (tags.some((tag) => READABLE_TAGS.has(tag)) || registrations.some((name) => name.startsWith("DTS"))) {
    return { kind: "audio" };
  }
  if (registrations.includes("Opus")) return { kind: "audio", unreadable: "Opus" };
  if (registrations.includes("BSSD")) return { kind: "audio", unreadable: "PCM (SMPTE 302M)" };
  return { kind: "other" };
}

/** The names of the supported types. */
const STREAM_CODECS: Readonly<Record<number, string>> = {
  0x03: "mp3",
  0x04: "mp3",
  0x0f: "aac",
  0x81: "ac3",
  0x82: "dts",
  0x87: "eac3",
  0x8a: "dts",
};

const LANGUAGE_TAG = 0x0a;
/** ISO/IEC 13818-1, 2.6.19: for the hard of hearing, and commentary for the blind. */
const FOR_SOME = new Set([2, 3]);

interface Naming {
  readonly spoken: Pick<Stream, "language" | "isForSome">;
  readonly tags: readonly number[];
  readonly registrations: readonly string[];
  readonly bytes: Uint8Array;
}

function naming(descriptors: Uint8Array): Naming {
  const tags: number[] = [];
  const registrations: string[] = [];
  const kept: Uint8Array[] = [];
  let spoken: Naming["spoken"] = { language: null, isForSome: false };
  for (let at = 0; at + 2 <= descriptors.length; at += 2 + byteAt(descriptors, at + 1)) {
    const tag = byteAt(descriptors, at);
    if (tag === LANGUAGE_TAG && byteAt(descriptors, at + 1) >= 4)
      spoken = {
        language: languageOrNull(asciiAt(descriptors, at + 2, 3)),
        isForSome: FOR_SOME.has(byteAt(descriptors, at + 5)),
      };
    if (!NAMING_TAGS.has(tag)) continue;
    tags.push(tag);
    if (tag === REGISTRATION_TAG) registrations.push(asciiAt(descriptors, at + 2, 4));
    const named = descriptors.subarray(at + 2, at + 2 + Math.min(NAME_BYTES, byteAt(descriptors, at + 1)));
    kept.push(Uint8Array.of(tag, named.length), named);
  }
  return { tags, registrations, spoken, bytes: concatBytes(kept) };
}

interface Section {
  readonly section: Uint8Array;
  readonly tableId: number;
  readonly pid: number;
}

/** Yield the sections of tables, each when it is complete. At most one section of each table is in memory. */
function* sectionsIn(bytes: Uint8Array, pids: ReadonlySet<number>, work: Work): Generator<Section> {
  const opened = new Map<number, Uint8Array>();
  for (const packet of packetsIn(bytes, work)) {
    const { pid } = packet;
    if (!pids.has(pid)) continue;
    const payload = bytes.subarray(packet.payloadAt, packet.at + PACKET_BYTES);
    const before = opened.get(pid);
    opened.delete(pid);
    if (!packet.startsUnit && before === undefined) continue;
    let open =
      before === undefined || packet.startsUnit
        ? payload.subarray(1 + byteAt(payload, 0))
        : concatBytes([before, payload]);
    // Stuffing follows the last section.
    while (open.length > 0 && byteAt(open, 0) !== STUFFING) {
      work.visit();
      const length = open.length < 3 ? Infinity : 3 + lengthAt(open, 1);
      if (open.length < length) {
        opened.set(pid, open);
        break;
      }
      yield { section: open.subarray(0, length), tableId: byteAt(open, 0), pid };
      open = open.subarray(length);
    }
  }
}

function lengthAt(bytes: Uint8Array, at: number): number {
  return ((byteAt(bytes, at) & 15) << 8) | byteAt(bytes, at + 1);
}

function withLength(bytes: Uint8Array): Uint8Array {
  return concatBytes([Uint8Array.of(0xf0 | (bytes.length >> 8), bytes.length & 255), bytes]);
}

/** Write a section, with four zeros as its checksum, which mediabunny does not read. */
function section(tableId: number, body: Uint8Array): Uint8Array {
  const length = 5 + body.length + 4;
  return concatBytes([
    Uint8Array.of(tableId, 0xb0 | (length >> 8), length & 255, 0, 1, 0xc1, 0, 0),
    body,
    new Uint8Array(4),
  ]);
}

function tablePacket(pid: number, table: Uint8Array): Uint8Array {
  const packet = new Uint8Array(PACKET_BYTES).fill(0xff);
  packet.set([0x47, 0x40 | (pid >> 8), pid & 255, 0x10, 0]);
  packet.set(table, 5);
  return packet;
}
