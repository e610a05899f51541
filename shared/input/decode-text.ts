import { refuseString } from "./characters.ts";

export type DecodedText =
  /** Without its byte-order mark. */
  | { readonly ok: true; readonly text: string }
  /** `reason` is a sentence without its subject: "is not UTF-8 …". */
  | { readonly ok: false; readonly reason: string };

type Encoding = "utf-8" | "utf-16le" | "utf-16be";

const MARKS: readonly (readonly [Encoding, readonly number[]])[] = [
  ["utf-8", [0xef, 0xbb, 0xbf]],
  ["utf-16le", [0xff, 0xfe]],
  ["utf-16be", [0xfe, 0xff]],
];

const UTF_32_MARKS = [
  [0xff, 0xfe, 0, 0],
  [0, 0, 0xfe, 0xff],
] as const;

/**
 * Decode bytes in the encoding that their byte-order mark names, otherwise in UTF-8. Nothing is replaced, because a model would
 * be paid for reading replacement characters.
 * @param isWhole false for the beginning of a text, which may end in the middle of a character.
 */
export function decodeText(bytes: Uint8Array, { isWhole = true }: { isWhole?: boolean } = {}): DecodedText {
  if (UTF_32_MARKS.some((mark) => startsWith(bytes, mark))) return refuse("is UTF-32", "UTF-32");
  const encoding = MARKS.find(([, mark]) => startsWith(bytes, mark))?.[0];
  const text = decodeAs(encoding ?? "utf-8", bytes, isWhole);
  if (encoding !== undefined) {
    if (text === null)
      return refuse(`begins with the byte-order mark of ${encoding.toUpperCase()} but is not that encoding`);
    const refusal = refuseString(text);
    return refusal === null ? { ok: true, text } : refuse(refusal);
  }
  if (text !== null && !text.includes("\0")) return { ok: true, text };
  const wrong = text === null ? `is not UTF-8 (${firstFault(bytes)})` : `holds a NUL at byte ${bytes.indexOf(0)}`;
  const likely = likelyEncoding(bytes);
  return likely === null
    ? refuse(`${wrong} and does not look like text`)
    : refuse(`${wrong}; it looks like ${likely.name}`, likely.iconv);
}

export function isUtf8(bytes: Uint8Array): boolean {
  return decodeAs("utf-8", bytes, true) !== null;
}

function refuse(wrong: string, iconv?: string): DecodedText {
  const remedy = iconv === undefined ? "" : `: save it as UTF-8, or convert it with iconv -f ${iconv} -t UTF-8`;
  return { ok: false, reason: wrong + remedy };
}

function decodeAs(label: string, bytes: Uint8Array, isWhole: boolean): string | null {
  try {
    return new TextDecoder(label, { fatal: true, ignoreBOM: false }).decode(bytes, { stream: !isWhole });
  } catch {
    return null;
  }
}

/** How many bytes of a text a guess is made from. */
const GUESS_BYTES = 4096;

/** Return the encoding in which a text that is not UTF-8 was probably written; null if it is not text. */
function likelyEncoding(whole: Uint8Array): { readonly name: string; readonly iconv: string } | null {
  const bytes = whole.subarray(0, GUESS_BYTES);
  const isZeroAt = (odd: number) => bytes.some((byte, at) => byte === 0 && at % 2 === odd);
  const [even, odd] = [isZeroAt(0), isZeroAt(1)];
  // One of the two bytes of each ASCII character is zero, and always the same one. Texts of every language have ASCII
  // characters: spaces and line ends.
  if (odd && !even && isTextOf("utf-16le", bytes)) {
    return { name: "UTF-16 (little-endian) without a byte-order mark", iconv: "UTF-16LE" };
  }
  if (even && !odd && isTextOf("utf-16be", bytes)) {
    return { name: "UTF-16 (big-endian) without a byte-order mark", iconv: "UTF-16BE" };
  }
  // Every line of Japanese has kana, and hardly anything else decodes to them by chance.
  const kana = decodeAs("shift_jis", bytes, false)?.match(/[\u3041-\u30ff]/g) ?? [];
  if (kana.length >= 2) return { name: "Shift-JIS", iconv: "SHIFT_JIS" };
  const isPrintable = bytes.every((byte) => byte >= 0x20 || [0x09, 0x0a, 0x0c, 0x0d].includes(byte));
  // Windows-1252 is ISO 8859-1 with quotation marks, dashes and the euro sign in place of control characters.
  return isPrintable ? { name: "Windows-1252 or Latin-1", iconv: "WINDOWS-1252" } : null;
}

function isTextOf(encoding: Encoding, bytes: Uint8Array): boolean {
  const text = decodeAs(encoding, bytes, false);
  return text !== null && !/[^\P{Cc}\t\n\f\r]/u.test(text);
}

/** Find the first byte that is not valid UTF-8. */
function firstFault(bytes: Uint8Array): string {
  const replaced = new TextDecoder("utf-8", { fatal: false, ignoreBOM: true }).decode(bytes);
  const encoder = new TextEncoder();
  let at = 0;
  let from = 0;
  for (let found = replaced.indexOf("\ufffd"); found !== -1; found = replaced.indexOf("\ufffd", from)) {
    at += encoder.encode(replaced.slice(from, found)).length;
    // The text itself contains this replacement character.
    if (!startsWith(bytes.subarray(at), [0xef, 0xbf, 0xbd])) break;
    at += 3;
    from = found + 1;
  }
  return `byte ${at} is 0x${(bytes[at] ?? 0).toString(16).toUpperCase().padStart(2, "0")}`;
}

function startsWith(bytes: Uint8Array, start: readonly number[]): boolean {
  return start.every((byte, index) => bytes[index] === byte);
}
