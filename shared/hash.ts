/** Return the SHA-256 of bytes, or of a text's UTF-8. */
export async function sha256(content: BufferSource | string): Promise<Uint8Array> {
  const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
}

/** Return its first bytes in hexadecimal, two digits each: all 32, unless fewer are enough to distinguish what they name. */
export async function sha256Hex(content: BufferSource | string, { bytes = 32 } = {}): Promise<string> {
  // Without `toHex`: plain Node, which the benchmarks and tools run on, does not have it yet.
  const digest = (await sha256(content)).subarray(0, bytes);
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
