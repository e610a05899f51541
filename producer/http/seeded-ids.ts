import { sha256Hex } from "../../shared/hash.ts";

/**
 * Ids for what a request makes, as 32 hexadecimal digits: random ones, or with a seed the same ones each time, so that
 * a request run again after a crash finds what its first run made.
 */
export async function seededId(seed: string | undefined, index = 0): Promise<string> {
  if (seed === undefined) return crypto.randomUUID().replaceAll("-", "");
  return sha256Hex(`${seed}:${index}`, { bytes: 16 });
}
