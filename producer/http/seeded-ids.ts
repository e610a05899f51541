/**
 * Ids for what a request makes, as 32 hexadecimal digits: random ones, or with a seed the same ones each time, so that
 * a request run again after a crash finds what its first run made.
 */
export async function seededId(seed: string | undefined, index = 0): Promise<string> {
  if (seed === undefined) return crypto.randomUUID().replaceAll("-", "");
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(`${seed}:${index}`));
  return new Uint8Array(digest).subarray(0, 16).toHex();
}
