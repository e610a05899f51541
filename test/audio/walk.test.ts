import { expect, test } from "vitest";

import { memorySource, SourceChanged, type ByteSource } from "../../shared/audio/reading/byte-source.ts";
import { walkFrames } from "../../shared/audio/frames/walk.ts";
import { parseMp3Header } from "../../shared/audio/mp3/header.ts";
import { WALK_BYTES } from "../../shared/audio/chunks/limits.ts";
import { planWork } from "../../shared/audio/reading/work.ts";

/** 32, 64 and 128 kbit/s in turn, 44.1 kHz. */
const HEADERS = [0x10, 0x50, 0x90].map((bitrate) => Uint8Array.of(0xff, 0xfb, bitrate, 0x64));
const FILE = frames(4 * WALK_BYTES);

test("a walk whose stream breaks continues there, and finds every frame once", async () => {
  const whole = await walk(memorySource(FILE));
  expect(whole.length).toBeGreaterThan(10_000);
  const broken = breaking(FILE, [
    { atFill: 1, how: "throws" },
    { atFill: 3, how: "ends early" },
    { atFill: 5, how: "throws" },
  ]);
  expect(await walk(broken)).toEqual(whole);
  expect(broken.opened).toHaveLength(4);
  expect(broken.opened.every((offset, index) => offset > (broken.opened[index - 1] ?? -1))).toBe(true);
});

test("a walk over an object that was replaced does not try again", async () => {
  let opened = 0;
  const source: ByteSource = {
    ...memorySource(FILE),
    async open() {
      opened += 1;
      throw new SourceChanged("source_replaced", "a.mp3");
    },
  };
  await expect(walk(source)).rejects.toThrow("overwritten");
  expect(opened).toBe(1);
});

async function walk(source: ByteSource): Promise<readonly number[]> {
  const index = await walkFrames(source, 0, parseMp3Header, planWork(source));
  return Array.from({ length: index.frames + 1 }, (_, frame) => index.offsetOf(frame));
}

interface Fault {
  readonly atFill: number;
  readonly how: "throws" | "ends early";
}

function breaking(bytes: Uint8Array, faults: readonly Fault[]): ByteSource & { readonly opened: number[] } {
  const opened: number[] = [];
  let fills = 0;
  return {
    ...memorySource(bytes),
    opened,
    async open(offset) {
      opened.push(offset);
      let at = offset;
      return {
        async readInto(view) {
          const fault = faults.find(({ atFill }) => atFill === fills);
          fills += 1;
          // Transfer the buffer as R2 does: the caller no longer owns it.
          const { byteOffset, length: asked } = view;
          const taken = new Uint8Array(view.buffer.transfer(), byteOffset, asked);
          if (fault?.how === "throws") throw new Error("the connection was lost");
          const length = fault === undefined ? asked : asked >> 1;
          taken.set(bytes.subarray(at, at + length));
          at += length;
          return taken.subarray(0, length);
        },
      };
    },
  };
}

function frames(sizeBytes: number): Uint8Array {
  const file = new Uint8Array(sizeBytes);
  for (let at = 0, index = 0; at < sizeBytes; index++) {
    const header = HEADERS[index % HEADERS.length] ?? new Uint8Array();
    file.set(header.subarray(0, sizeBytes - at), at);
    at += parseMp3Header(header, 0)?.bytes ?? sizeBytes;
  }
  return file;
}
