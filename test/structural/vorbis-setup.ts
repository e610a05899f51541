/** Return the smallest setup header of Vorbis (Vorbis I, 4.2.4), with one of each part. Bits are written lowest first. */
export function vorbisSetup(): Uint8Array {
  const bits: number[] = [];
  const put = (width: number, value: number) => {
    for (let bit = 0; bit < width; bit++) bits.push(Math.floor(value / 2 ** bit) % 2);
  };
  put(8, 0); // one codebook
  put(24, 0x564342);
  put(16, 1); // dimensions
  put(24, 1); // entries
  put(2, 0); // neither ordered nor sparse
  put(5, 0); // the entry's length
  put(4, 0); // no lookup
  put(6 + 16, 0); // one time domain transform
  put(6, 0); // one floor
  put(16, 1);
  put(5, 0); // no partitions
  put(2 + 4, 0);
  put(6 + 16, 0); // one residue
  put(24 + 24 + 24, 0);
  put(6 + 8, 0); // one class and its book
  put(4, 0); // no books for it
  put(6 + 16, 0); // one mapping
  put(1 + 1 + 2, 0);
  put(8 + 8 + 8, 0);
  put(6, 0); // one mode
  put(1 + 16 + 16 + 8, 0);
  put(1, 1);
  const bytes = new Uint8Array(7 + Math.ceil(bits.length / 8));
  bytes.set(Buffer.from("\x05vorbis"));
  for (const [index, bit] of bits.entries()) bytes[7 + (index >> 3)]! |= bit << (index & 7);
  return bytes;
}
