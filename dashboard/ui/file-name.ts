// Makes file names of titles. A title is any text or file name: it must not become a path, or a name that another system refuses.

/** With a counter and an ending, the name stays below the 255 bytes that file systems allow. */
const MOST_BYTES = 200;
/** Device names of Windows, with any ending. */
const RESERVED = /^(con|prn|aux|nul|com\d|lpt\d)(?=\.|$)/iu;

/** Return a title as a file name without an ending. It has no folder, does not hide the file, and does not reverse the text. */
export function fileNameOf(title: string, otherwise: string): string {
  const plain = title
    .normalize("NFC")
    .replaceAll(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}/\\:*?"<>|]+/gu, "_")
    .replaceAll(/\s+/gu, " ");
  const bytes = new Uint8Array(MOST_BYTES);
  // A character that does not fit is left out completely.
  const { written } = new TextEncoder().encodeInto(plain, bytes);
  const cut = new TextDecoder().decode(bytes.subarray(0, written));
  // Windows drops dots and spaces at the end. A dot at the start hides a file, and two dots are the parent folder.
  const name = cut.replaceAll(/^[.\s]+|[.\s]+$/gu, "").replace(RESERVED, "_$1");
  return /[^_.\s]/u.test(name) ? name : otherwise;
}

/** Return a title without its file ending. */
export function withoutEnding(title: string): string {
  return title.replace(/\.[a-z0-9]{1,5}$/iu, "");
}

/** Return a function that returns each name only once. Names are compared without case, as some file systems do. */
export function uniqueNames(): (name: string, ending: string) => string {
  const taken = new Set<string>();
  const counts = new Map<string, number>();
  return (name, ending) => {
    const key = `${name}.${ending}`.toLowerCase();
    for (let count = counts.get(key) ?? 1; ; count += 1) {
      const given = count === 1 ? `${name}.${ending}` : `${name} (${count}).${ending}`;
      if (taken.has(given.toLowerCase())) continue;
      counts.set(key, count + 1);
      taken.add(given.toLowerCase());
      return given;
    }
  };
}
