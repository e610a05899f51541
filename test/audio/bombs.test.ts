// A file of a few kilobytes must not fill the memory, block the processor or use up the requests of an invocation. The tests check the
// counters, and also the memory: counters alone would miss memory that is not counted.
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

import { expect, test } from "vitest";

import { memorySource, type ByteSource } from "../../shared/audio/reading/byte-source.ts";
import { guessExtent } from "../../shared/audio/extent.ts";
import { stripMatroska } from "../../shared/audio/matroska/strip.ts";
import { hasItsChecksum } from "../../shared/audio/ogg/page.ts";
import { planAudio } from "../../shared/audio/plan.ts";
import { planWork, Work, type WorkLimits } from "../../shared/audio/reading/work.ts";
import { bytesOf, claimedFragment, emptyClusters, repeatedProgramme, u32 } from "./bombs.ts";

/** A list of a million small objects takes more. */
const MOST_HELD_BYTES = 24_000_000;

const LIMITS = { maxMs: 60_000, maxBytes: 2_500_000 };

/** Plan a file. @returns the work of the plan, and how many bytes of the heap it held at most. */
async function plan(source: ByteSource): Promise<{ spent: WorkLimits; heldBytes: number; code: string | undefined }> {
  const work = planWork(source);
  const [planned, heldBytes] = await measureHeap(source, (measured) => planAudio(measured, LIMITS, work));
  return { spent: work.spent, heldBytes, code: planned.type === "refused" ? planned.code : undefined };
}

/**
 * Read a source. @returns the result, and how many bytes of the heap were held at most. This is measured at the first read, the second, the
 * fourth, the eighth and so on: to collect the garbage at each of hundreds would take seconds.
 */
async function measureHeap<T>(source: ByteSource, run: (source: ByteSource) => Promise<T>): Promise<[T, number]> {
  const usedBytes = () => {
    collectGarbage();
    return process.memoryUsage().heapUsed;
  };
  const before = usedBytes();
  let most = before;
  let reads = 0;
  let next = 1;
  const result = await run({
    sizeBytes: source.sizeBytes,
    read: (offset, length) => {
      reads += 1;
      if (reads === next) {
        most = Math.max(most, usedBytes());
        next *= 2;
      }
      return source.read(offset, length);
    },
  });
  return [result, Math.max(most, usedBytes()) - before];
}

/** Return the bytes of buffers in use. Garbage is collected first, because its amount depends on the last collection. */
async function bytesOfBuffers(): Promise<number> {
  // Buffers are freed beside the program, after the collection has returned. The next collection waits until they are.
  for (let times = 0; times < 3; times += 1) {
    collectGarbage();
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return process.memoryUsage().arrayBuffers;
}

setFlagsFromString("--expose-gc");
const collectGarbage: () => void = runInNewContext("gc");

test("a transport stream of 9 kB that lists one programme of 812 streams a thousand times is read once", async () => {
  const { spent, heldBytes } = await plan(memorySource(repeatedProgramme(1020, 812)));
  expect(spent.entries).toBeGreaterThan(812);
  expect(spent.entries).toBeLessThan(10_000);
  expect(heldBytes).toBeLessThan(MOST_HELD_BYTES);
});

test("a fragment that claims 1.4 million packets in a header of 16 bytes does not make a list of them", async () => {
  const { heldBytes } = await plan(memorySource(claimedFragment(1_400_000, 25_000_000)));
  expect(heldBytes).toBeLessThan(MOST_HELD_BYTES);
});

test("a guess from the head of a large file may take the work of the head, not of the file", async () => {
  const head = claimedFragment(3_000_000, 4_190_000);
  const source = {
    sizeBytes: 100_000_000,
    async read(offset: number, length: number) {
      const bytes = new Uint8Array(length);
      bytes.set(head.subarray(offset, offset + length));
      return bytes;
    },
  };
  const [, heldBytes] = await measureHeap(source, (measured) => guessExtent(measured, LIMITS));
  expect(heldBytes).toBeLessThan(MOST_HELD_BYTES);
});

test("checksums of overlapping pages are counted by the claimed lengths", () => {
  const work = new Work({ elements: 2_000, bytes: 0, reads: 0, entries: 0, calls: 0, claimedBytes: 0 });
  const bytes = new Uint8Array(70_000);
  const check = () => {
    for (let at = 0; at < 1000; at++) hasItsChecksum(bytes, { at, length: 65_000 }, work);
  };
  expect(check).toThrow(/more than 2,000 frames, pages or elements/);
});

test("a block of Matroska that claims a terabyte is damage, and the cutter does not wait for it", async () => {
  const work = planWork({ sizeBytes: 1e9 });
  const strip = stripMatroska(1, 1, work);
  const cluster = [0x1f, 0x43, 0xb6, 0x75, 1, 255, 255, 255, 255, 255, 255, 255, 0xe7, 0x81, 0];
  const block = [0xa3, 1, 0, 0, 0x40, 0, 0, 0, 0, 0x81, 0, 0, 0, 0, 0];
  const before = await bytesOfBuffers();
  strip.push(bytesOf(cluster, block));
  for (let index = 0; index < 20; index++) strip.push(new Uint8Array(4_000_000));
  expect((await bytesOfBuffers()) - before).toBeLessThan(20_000_000);
  const sound = [0xa3, 0x90, 0x81, 0, 1, 0x80, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7];
  expect(strip.push(bytesOf(cluster, sound))).toEqual(bytesOf(cluster, sound));
});

test("two million empty clusters of a Matroska without a duration are not kept as so many objects", async () => {
  const { spent, heldBytes } = await plan(memorySource(emptyClusters(2_000_000, 9_000_000)));
  expect(spent.entries).toBeLessThan(planWork({ sizeBytes: 23_000_000 }).limits.entries);
  expect(heldBytes).toBeLessThan(MOST_HELD_BYTES);
});

test("an MP4 of a gigabyte whose boxes lie 70 kB apart is refused before it uses up an invocation's requests", async () => {
  const stepBytes = 70_000;
  let reads = 0;
  const source = {
    sizeBytes: 1_000_000_000,
    async read(offset: number, length: number) {
      reads += 1;
      const bytes = new Uint8Array(length + 16);
      const first = bytesOf(u32(16), "ftypisom", u32(0));
      if (offset < 16) bytes.set(first.subarray(offset));
      for (
        let at = 16 + stepBytes * Math.max(0, Math.ceil((offset - 16) / stepBytes));
        at < offset + length;
        at += stepBytes
      )
        bytes.set(bytesOf(u32(stepBytes), "free"), at - offset);
      return bytes.subarray(0, length);
    },
  };
  expect((await plan(source)).code).toBe("too_complex");
  expect(reads).toBeLessThanOrEqual(8_001);
});

test.each([
  ["Opus of 5.4 kbit/s for four hours", 4, 14],
  ["Opus of 6.6 kbit/s for six hours", 6, 17],
])("%s is planned: long speech in small packets is not an attack", async (_name, hours, packetBytes) => {
  const { code } = await plan(memorySource(speechInOgg(hours, packetBytes)));
  expect(code).toBeUndefined();
});

/** Write pages of a second with packets of 20 ms. They have no checksums, because plans do not check them. */
function speechInOgg(hours: number, packetBytes: number): Uint8Array {
  const page = (granule: number, sequence: number, packets: readonly Uint8Array[], flags: number) => {
    const head = new Uint8Array(27);
    head.set([0x4f, 0x67, 0x67, 0x53, 0, flags]);
    const view = new DataView(head.buffer);
    view.setBigInt64(6, BigInt(granule), true);
    view.setUint32(14, 1, true);
    view.setUint32(18, sequence, true);
    head[26] = packets.length;
    return bytesOf(
      head,
      packets.map(({ length }) => length),
      ...packets,
    );
  };
  const opus = bytesOf("OpusHead", [1, 1, 0x38, 1, 0x80, 0xbb, 0, 0, 0, 0, 0]);
  const parts = [page(0, 0, [opus], 2), page(0, 1, [bytesOf("OpusTags", new Uint8Array(8))], 0)];
  const packets = Array.from({ length: 50 }, (_, index) => new Uint8Array(packetBytes - (index % 5)).fill(0x48));
  const second = page(0, 0, packets, 0);
  const seconds = hours * 3600;
  const sound = new Uint8Array(second.length * seconds);
  const view = new DataView(sound.buffer);
  for (let index = 0; index < seconds; index++) {
    const at = index * second.length;
    sound.set(second, at);
    view.setBigInt64(at + 6, BigInt(48_000 * (index + 1)), true);
    view.setUint32(at + 18, index + 2, true);
  }
  return new Uint8Array(Buffer.concat([...parts, sound]));
}
