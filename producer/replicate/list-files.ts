import { fileKey, FILES_PREFIX, fileStoredAt } from "../../shared/uploads/storage.ts";

/** Objects that one request reads at most, of all owners: the bucket has no list for each owner. */
const MAX_READ = 5000;

export interface FilePage {
  readonly files: readonly R2Object[];
  /** The position after which the next page begins; null at the end. */
  readonly next: string | null;
}

/** A position is the id of a file of the owner, or a time at which files begin. It never names another owner's file. */
export const POSITION = /^file_[0-9a-f]{12}(?:[0-9a-f]{20})?$/;

/**
 * List an owner's files, the oldest first. A page may have fewer than `limit` files, or none, although there are more.
 * @param after a position, as `next` of the previous page gives it.
 */
export async function listFiles(
  media: R2Bucket,
  { ownerId, after, limit }: { ownerId: string; after: string | undefined; limit: number },
): Promise<FilePage> {
  const files: R2Object[] = [];
  let startAfter = after === undefined ? undefined : fileKey(after);
  for (let read = 0; ;) {
    const { objects, truncated } = await media.list({
      prefix: FILES_PREFIX,
      include: ["customMetadata"],
      ...(startAfter !== undefined && { startAfter }),
    });
    for (const object of objects) {
      if (object.customMetadata?.["owner"] !== ownerId) continue;
      if (files.length === limit) return { files, next: idIn(files.at(-1)) };
      files.push(object);
    }
    const last = objects.at(-1);
    if (!truncated || last === undefined) return { files, next: null };
    startAfter = last.key;
    read += objects.length;
    if (read < MAX_READ) continue;
    // Several files may be stored within a millisecond. The next page begins with the last one.
    const at = fileStoredAt(last.key) ?? 0;
    const earlier = files.filter(({ key }) => fileStoredAt(key) !== at);
    return { files: earlier, next: `file_${at.toString(16).padStart(12, "0")}` };
  }
}

function idIn(file: R2Object | undefined): string {
  return file?.key.slice(FILES_PREFIX.length) ?? "";
}
