import { SNIFF_BYTES } from "../limits.ts";

/** The first bytes of one version of an object; null where that version is no longer there. Not for an empty object. */
export async function readHead(
  media: R2Bucket,
  { key, etag }: { key: string; etag: string },
): Promise<Uint8Array | null> {
  const object = await media.get(key, { range: { offset: 0, length: SNIFF_BYTES }, onlyIf: { etagMatches: etag } });
  return object !== null && "body" in object ? new Uint8Array(await object.arrayBuffer()) : null;
}
