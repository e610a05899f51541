import { expect, test } from "vitest";

import { decodeText } from "../shared/input/decode-text.ts";

const utf8 = (text: string) => new TextEncoder().encode(text);
const utf16 = (text: string, isLittle: boolean) => {
  const bytes = new Uint8Array(text.length * 2);
  for (let at = 0; at < text.length; at += 1)
    new DataView(bytes.buffer).setUint16(at * 2, text.charCodeAt(at), isLittle);
  return bytes;
};
const bytesOf = (...parts: (readonly number[] | Uint8Array)[]) => Uint8Array.from(parts.flatMap((part) => [...part]));

const TEXT = "Grüße aus Łódź, 日本 \u{1F3A7}\r\n";

test.each([
  ["UTF-8", utf8(TEXT)],
  ["UTF-8 with its mark", bytesOf([0xef, 0xbb, 0xbf], utf8(TEXT))],
  ["UTF-16 LE with its mark", bytesOf([0xff, 0xfe], utf16(TEXT, true))],
  ["UTF-16 BE with its mark", bytesOf([0xfe, 0xff], utf16(TEXT, false))],
])("a text in %s is read, wherever its beginning is cut", (_, bytes) => {
  expect(decodeText(bytes)).toEqual({ ok: true, text: TEXT });
  for (let length = 4; length < bytes.length; length += 1) {
    const head = decodeText(bytes.subarray(0, length), { isWhole: false });
    expect([length, head.ok && TEXT.startsWith(head.text)]).toEqual([length, true]);
  }
});

test("a replacement character in the file itself is a character", () => {
  expect(decodeText(utf8("a \ufffd b"))).toEqual({ ok: true, text: "a \ufffd b" });
});

const SHIFT_JIS = [0x82, 0xb1, 0x82, 0xf1, 0x82, 0xc9, 0x82, 0xbf, 0x82, 0xcd]; // こんにちは

test.each([
  [
    "Windows-1252",
    bytesOf(utf8("caf"), [0xe9, 0x20, 0x93, 0x80, 0x94]),
    /^is not UTF-8 \(byte 3 is 0xE9\); it looks like Windows-1252.*iconv -f WINDOWS-1252 /,
  ],
  ["behind a written replacement character", bytesOf(utf8("\ufffd"), [0xe9]), /\(byte 3 is 0xE9\)/],
  ["Latin-1", bytesOf(utf8("Gr"), [0xfc, 0xdf, 0x65]), /Latin-1/],
  ["Shift-JIS", bytesOf(SHIFT_JIS), /^is not UTF-8 \(byte 0 is 0x82\); it looks like Shift-JIS.*iconv -f SHIFT_JIS /],
  [
    "UTF-16 LE without a mark",
    utf16("a prompt", true),
    /^holds a NUL at byte 1; it looks like UTF-16 \(little-endian\) without.*iconv -f UTF-16LE /,
  ],
  ["UTF-16 BE without a mark", utf16("Łódź é", false), /it looks like UTF-16 \(big-endian\) without/],
  ["UTF-32", bytesOf([0xff, 0xfe, 0, 0, 0x61, 0, 0, 0]), /^is UTF-32/],
  [
    "half a surrogate pair in UTF-16",
    bytesOf([0xff, 0xfe], utf16("a\ud83d b", true)),
    /UTF-16LE but is not that encoding/,
  ],
  ["half a surrogate pair in UTF-8", bytesOf(utf8("a"), [0xed, 0xa0, 0xbd]), /\(byte 1 is 0xED\)/],
  ["UTF-16 that ends in the middle", bytesOf([0xfe, 0xff], [0x00, 0x61, 0x00]), /UTF-16BE but is not that encoding/],
  ["UTF-8 that ends in the middle", utf8("€").subarray(0, 2), /\(byte 0 is 0xE2\)/],
  ["a text with a NUL", utf8("some text\0more"), /^holds a NUL at byte 9/],
  ["a UTF-16 text with a NUL", bytesOf([0xff, 0xfe], utf16("ab\0c", true)), /NUL \(U\+0000\) at character 3/],
  ["no text", Uint8Array.from({ length: 300 }, (__, index) => (index * 7919) % 251), /does not look like text/],
])("%s is refused, and its reason says what to do", (_, bytes, reason) => {
  expect(decodeText(bytes)).toEqual({ ok: false, reason: expect.stringMatching(reason) });
});

test("no text of bytes is ever decoded to something that is not one, nor to another text than its bytes", () => {
  for (let seed = 1; seed < 400; seed += 1) {
    let state = seed;
    const next = () => (state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0) >>> 24;
    const bytes = Uint8Array.from({ length: 1 + (seed % 40) }, () => (next() < 200 ? 0x20 + (next() % 0x60) : next()));
    const decoded = decodeText(bytes);
    if (!decoded.ok) continue;
    expect(decoded.text.isWellFormed() && !decoded.text.includes("\0")).toBe(true);
    expect([...utf8(decoded.text)]).toEqual([...bytes]);
  }
});
