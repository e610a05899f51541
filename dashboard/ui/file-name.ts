// Titles are what somebody typed or what a file was called: none may become a path, or a name that another system refuses.

/** With a counter and an ending it stays below the 255 bytes that file systems take. */
const MOST_BYTES = 200;
/** Devices of Windows, whatever they end with. */
const RESERVED = /^(con|prn|aux|nul|com\d|lpt\d)(?=\.|$)/iu;

/** A title as the name of a file without its ending. Nothing in it leads to a folder, hides, or turns the text round. */
export function fileNameOf(title: string, otherwise: string): string {
  const plain = title
    .normalize("NFC")
    .replaceAll(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}/\\:*?"<>|]+/gu, "_")
    .replaceAll(/\s+/gu, " ");
  const bytes = new Uint8Array(MOST_BYTES);
  // A character that does not fit is left out whole.
  const { written } = new TextEncoder().encodeInto(plain, bytes);
  const cut = new TextDecoder().decode(bytes.subarray(0, written));
  // Windows drops dots and spaces at the end; a dot at the beginning hides a file, and two of them are the folder above.
  const name = cut.replaceAll(/^[.\s]+|[.\s]+$/gu, "").replace(RESERVED, "_$1");
  return /[^_.\s]/u.test(name) ? name : otherwise;
}

/** The title without the ending of the file that it was. */
export function withoutEnding(title: string): string {
  return title.replace(/\.[a-z0-9]{1,5}$/iu, "");
}

/** Gives each name once: a file system may not tell `A` from `a`. */
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
