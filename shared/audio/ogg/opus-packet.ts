/** Return the number of samples of a packet at 48 kHz, by its first two bytes (RFC 6716, section 3.1). */
export function opusSamples(toc: number, second: number): number {
  const config = toc >> 3;
  const size = config & 3;
  const silk = size === 3 ? 2_880 : 480 << size;
  const frame = config < 12 ? silk : config < 16 ? 480 << (config & 1) : 120 << size;
  const code = toc & 3;
  return frame * (code === 0 ? 1 : code === 3 ? second & 63 : 2);
}

/** Packets without frames, which represent sound that was not sent. They repair gaps (RFC 7845, section 4.1). */
const SILENCES: readonly (readonly [samples: number, packet: Uint8Array])[] = [
  [5_760, Uint8Array.of((31 << 3) | 3, 6)],
  [960, Uint8Array.of(31 << 3)],
  [120, Uint8Array.of(28 << 3)],
];

export function opusSilence(samples: number): readonly Uint8Array[] {
  const packets: Uint8Array[] = [];
  let left = samples;
  for (const [length, packet] of SILENCES) {
    for (; left >= length; left -= length) packets.push(packet);
  }
  return packets;
}
