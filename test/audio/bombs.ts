// Small files that cause much work. A reviewer found them, and counters alone did not notice them.

export type Part = Uint8Array | string | readonly number[];

/** Return bytes: text becomes its Latin-1 bytes, and a number becomes one byte. */
export function bytesOf(...parts: readonly Part[]): Uint8Array {
  const whole = parts.map((part) => (typeof part === "string" ? Buffer.from(part, "latin1") : Uint8Array.from(part)));
  return new Uint8Array(Buffer.concat(whole));
}

export function u32(...values: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(4 * values.length);
  for (const [index, value] of values.entries()) new DataView(bytes.buffer).setUint32(4 * index, value);
  return bytes;
}

function box(name: string, ...parts: readonly Part[]): Uint8Array {
  const body = bytesOf(...parts);
  return bytesOf(u32(8 + body.length), name, body);
}

/** Return a table of MPEG-TS that names one programme of `streams` streams `listed` times. */
export function repeatedProgramme(listed: number, streams: number): Uint8Array {
  const repeat = (count: number, entry: readonly number[]) =>
    bytesOf(Array.from({ length: count }, () => entry).flat());
  const association = section(0, [0, 1, 0xc1, 0, 0], repeat(listed, [0, 1, 0xe1, 0]));
  const map = section(2, [0, 1, 0xc1, 0, 0, 0xe1, 1, 0xf0, 0], repeat(streams, [0x0f, 0xe1, 1, 0xf0, 0]));
  return bytesOf(...tsPackets(0, association), ...tsPackets(0x100, map), ...tsPackets(0x101, new Uint8Array(10)));
}

function section(tableId: number, head: readonly number[], body: Uint8Array): Uint8Array {
  const length = head.length + body.length + 4;
  return bytesOf([tableId, 0xb0 | (length >> 8), length & 255], head, body, new Uint8Array(4));
}

function tsPackets(pid: number, payload: Uint8Array): readonly Uint8Array[] {
  const packets: Uint8Array[] = [];
  for (let at = 0; at < payload.length;) {
    const head = at === 0 ? [0x47, 0x40 | (pid >> 8), pid & 255, 0x10, 0] : [0x47, pid >> 8, pid & 255, 0x10];
    const packet = new Uint8Array(188).fill(0xff);
    const piece = payload.subarray(at, at + 188 - head.length);
    packet.set(bytesOf(head, piece));
    packets.push(packet);
    at += piece.length;
  }
  return packets;
}

/** Return a fragmented MP4 whose only fragment claims this many packets of one byte in a header of a few bytes. */
export function claimedFragment(packets: number, mediaBytes: number): Uint8Array {
  const table = box(
    "stbl",
    box("stsd", u32(0, 1), box("mp4a", new Uint8Array(28))),
    box("stts", u32(0, 0)),
    box("stsc", u32(0, 0)),
    box("stsz", u32(0, 0, 0)),
    box("stco", u32(0, 0)),
  );
  const media = box(
    "mdia",
    box("mdhd", u32(0, 0, 0, 48_000, 0, 0)),
    box("hdlr", u32(0, 0), "soun", u32(0, 0, 0)),
    box("minf", table),
  );
  const moov = box(
    "moov",
    box("mvhd", u32(0, 0, 0, 1000, 0), new Uint8Array(80)),
    box("trak", box("tkhd", u32(0, 0, 0, 1, 0), new Uint8Array(64)), media),
    box("mvex", box("trex", u32(0, 1, 1, 1, 0, 0))),
  );
  const traf = box("traf", box("tfhd", u32(0, 1)), box("tfdt", u32(0, 0)), box("trun", u32(0, packets)));
  return bytesOf(
    box("ftyp", "isom", u32(0)),
    moov,
    u32(8 + mediaBytes),
    "mdat",
    new Uint8Array(mediaBytes),
    box("moof", box("mfhd", u32(0, 1)), traf),
  );
}

/** Return headers of Opus in Matroska without a duration, then this many clusters of seven bytes, then zeros. */
export function emptyClusters(clusters: number, zeroBytes: number): Uint8Array {
  const element = (id: readonly number[], ...parts: readonly Part[]) => {
    const body = bytesOf(...parts);
    return bytesOf(id, [0x10, 0, body.length >> 8, body.length & 255], body);
  };
  const opus = bytesOf("OpusHead", [1, 1, 0x38, 1, 0x80, 0xbb, 0, 0, 0, 0, 0]);
  const audio = element([0xe1], element([0xb5], [0x47, 0x3b, 0x80, 0]), element([0x9f], [1]));
  const track = element(
    [0xae],
    element([0xd7], [1]),
    element([0x73, 0xc5], [1]),
    element([0x83], [2]),
    element([0x86], "A_OPUS"),
    element([0x63, 0xa2], opus),
    audio,
  );
  const head = bytesOf(
    element([0x1a, 0x45, 0xdf, 0xa3], element([0x42, 0x82], "matroska")),
    [0x18, 0x53, 0x80, 0x67, 1, 255, 255, 255, 255, 255, 255, 255],
    element([0x16, 0x54, 0xae, 0x6b], track),
  );
  const file = new Uint8Array(head.length + 7 * clusters + zeroBytes);
  file.set(head);
  const cluster = [0x1f, 0x43, 0xb6, 0x75, 0xff, 0xe7, 0x80];
  for (let index = 0; index < clusters; index++) file.set(cluster, head.length + 7 * index);
  return file;
}
