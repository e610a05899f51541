// The kind of job for an upload whose first bytes do not identify it.
import { expect, test } from "vitest";

import { routeUpload } from "../shared/uploads/route-upload.ts";

const route = async (name: string, head: Uint8Array) => {
  const source = { key: `inbox/${name}`, etag: "e", sizeBytes: head.length };
  return routeUpload({ source, head, metadata: {} }, { hasImages: false });
};
const textOf = (text: string) => new TextEncoder().encode(text);

test.each(["See moof.", "The styp of things", "A-- sidx"])("a text is a text, even if it reads '%s'", async (text) => {
  expect(await route("note.txt", textOf(text))).toMatchObject({ type: "job" });
});

test("a segment of a stream is refused, whatever its name", async () => {
  const reason = expect.stringMatching(/segment of a stream/) as unknown;
  const segment = textOf(`\0\0\0\x18moof${"\0".repeat(100)}`);
  for (const name of ["a.m4s", "a.mp4", "a.txt"])
    expect(await route(name, segment)).toMatchObject({ type: "ignored", reason });
});

test("a TIFF whose directory is after its first bytes is a TIFF", async () => {
  const head = textOf(`II*\0\0\0\x20\0${"\0".repeat(4092)}`);
  expect(await route("scan.bin", head)).toMatchObject({ work: { kind: "classification", input: { format: "tiff" } } });
});

test("HEIC is a picture where Cloudflare Images is bound", async () => {
  const head = textOf("\0\0\0\x18ftypheic\0\0\0\0heicmif1");
  const source = { key: "inbox/photo.heic", etag: "e", sizeBytes: head.length };
  const routed = await routeUpload({ source, head, metadata: {} }, { hasImages: true });
  expect(routed).toMatchObject({ work: { kind: "classification", input: { format: "heic" } } });
});

test.each(["au", "snd", "caf", "aifc", "mts"])(
  "a recording whose bytes are not known is one by its name: .%s",
  async (suffix) => {
    const routed = await route(`recording.${suffix}`, textOf(".snd\0\0\0\x18\0\0\0\0\0\0\0\x03"));
    expect(routed).toMatchObject({ type: "job", work: { kind: "transcription" } });
  },
);
