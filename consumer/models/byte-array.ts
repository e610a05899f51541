/**
 * Return bytes as the plain array that `whisper` and `resnet-50` take. `Array.from` takes ten times as long. An array created
 * at its full length is sent as a sparse array, which is slower still.
 */
export function byteArray(bytes: Uint8Array): number[] {
  const numbers: number[] = [];
  for (const byte of bytes) numbers.push(byte);
  return numbers;
}
