import { decodeText } from "../input/decode-text.ts";
import type { GivenWords } from "../kinds/kind.ts";

export type ReadWords =
  | { readonly ok: true; readonly text: string }
  /** Follows "its source ". */
  | { readonly ok: false; readonly reason: string };

/** Read the words that a job was given, whole. An object belongs to the client, who may have deleted it since the job read it. */
export async function readWords(words: GivenWords, media: R2Bucket): Promise<ReadWords> {
  if ("text" in words) return { ok: true, text: words.text };
  const { key, etag } = words.source;
  const object = await media.get(key, { onlyIf: { etagMatches: etag } });
  if (object === null || !("body" in object)) return { ok: false, reason: `'${key}' no longer exists` };
  return decodeText(new Uint8Array(await object.arrayBuffer()));
}
