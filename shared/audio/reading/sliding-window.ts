import { patiently } from "../../uploads/patient.ts";
import { readWithin, SourceChanged, type ByteSource, type ByteStream } from "./byte-source.ts";
import { WALK_BYTES } from "../chunks/limits.ts";

/** A stretch of a source that moves from the start to the end in one buffer, so the memory of a walk does not grow with the file. */
export interface SlidingWindow {
  /** Where the stretch begins. */
  readonly base: number;
  /** The bytes of the stretch, which `advance` overwrites. */
  readonly bytes: Uint8Array;
  readonly isLast: boolean;
  /** Drop bytes at the front, and read more after the others. */
  advance(droppedBytes: number): Promise<void>;
}

/** Read the first stretch, from `start` on. A broken stream is opened again at the start of the window. */
export async function slideOver(source: ByteSource, start: number): Promise<SlidingWindow> {
  let stream: ByteStream | null = null;
  let base = start;
  let bytes = new Uint8Array();

  async function fill(): Promise<void> {
    const lengthBytes = Math.min(WALK_BYTES, source.sizeBytes - base);
    try {
      if (stream === null) {
        bytes = new Uint8Array();
        stream = await open(source, base);
      }
      const kept = bytes.length;
      const buffer = bytes.buffer.byteLength < lengthBytes ? new ArrayBuffer(lengthBytes) : bytes.buffer;
      new Uint8Array(buffer).set(bytes);
      const read = await stream.readInto(new Uint8Array(buffer, kept, lengthBytes - kept));
      if (kept + read.length !== lengthBytes)
        throw new Error(`The source ended at ${base + kept + read.length} bytes.`);
      bytes = new Uint8Array(read.buffer, 0, lengthBytes);
    } catch (error) {
      stream = null;
      throw error;
    }
  }

  const window = {
    get base() {
      return base;
    },
    get bytes() {
      return bytes;
    },
    get isLast() {
      return base + bytes.length >= source.sizeBytes;
    },
    async advance(droppedBytes: number) {
      base += droppedBytes;
      bytes = bytes.subarray(droppedBytes);
      await patiently(fill, (error) => source.open === undefined || error instanceof SourceChanged);
    },
  };
  await window.advance(0);
  return window;
}

async function open(source: ByteSource, offset: number): Promise<ByteStream> {
  if (source.open !== undefined) return source.open(offset);
  let at = offset;
  return {
    async readInto(view) {
      const bytes = await readWithin(source, at, view.length);
      at += bytes.length;
      view.set(bytes);
      return view.subarray(0, bytes.length);
    },
  };
}
