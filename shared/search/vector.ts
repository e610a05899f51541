/** Scale a vector to length 1. The cosine of two such vectors is the sum of their products. */
export function unit(values: Float32Array): Float32Array {
  const length = Math.hypot(...values);
  return values.map((value) => (length === 0 ? 0 : value / length));
}

export function dot(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let index = 0; index < a.length; index += 1) sum += (a[index] ?? 0) * (b[index] ?? 0);
  return sum;
}

/** Encode a vector as little-endian numbers in base64, the byte order of every machine that runs Workers. */
export function encodeVector(vector: Float32Array): string {
  return new Uint8Array(vector.buffer, vector.byteOffset, vector.byteLength).toBase64();
}

export function decodeVector(text: string): Float32Array {
  return new Float32Array(Uint8Array.fromBase64(text).buffer);
}
