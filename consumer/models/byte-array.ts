/**
 * Bytes as the plain array that `whisper` and `resnet-50` take. `Array.from` takes ten times as long; an array made at
 * its full length is sent as a sparse one, which is slower still.
 */
export function byteArray(bytes: Uint8Array): number[] {
  const numbers: number[] = [];
  for (const byte of bytes) numbers.push(byte);
  return numbers;
}
