import { sha256Hex } from "../../shared/hash.ts";

/**
 * The id of something that a request creates, as 32 hexadecimal digits. Without a seed it is random. With a seed it is the same each
 * time, so that a request that runs again after a crash finds what its first run created.
 */
export async function seededId(seed: string | undefined, index = 0): Promise<string> {
  if (seed === undefined) return crypto.randomUUID().replaceAll("-", "");
  return sha256Hex(`${seed}:${index}`, { bytes: 16 });
}
