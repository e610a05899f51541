import { concatBytes } from "../reading/bytes.ts";
import { findFlacFrame, wholeFrameBytes, type Flac, type FlacFrame } from "./frame.ts";
import type { Work } from "../reading/work.ts";

/** Steps over the frames of a stretch that comes in pieces. It holds one frame and the bytes that may be the next. */
export interface FlacScan {
  /** The first sample of the last frame that was found; -1 before the first. */
  readonly reachedSample: number;
  /** Where that frame begins, counted from the first piece. */
  readonly reachedAt: number;
  push(piece: Uint8Array): void;
  /** The stretch is complete: the last frame ends here. */
  end(): void;
}

/** The longest frame header, CRC included. */
const HEADER_BYTES = 16;
/** Longer than any frame: a stretch of this length without another frame is damage. */
const FRAME_MAX_BYTES = 2 * 1024 * 1024;

/**
 * A header may occur by chance, so a frame counts only if it continues the samples of the previous frame. If frames
 * are missing, two frames that follow each other count.
 * @param take is called with every whole frame in order. The bytes are valid only during the call.
 */
export function scanFlac(flac: Flac, work: Work, take: (frame: FlacFrame, bytes: Uint8Array) => void): FlacScan {
  let held: Uint8Array = new Uint8Array();
  let base = 0;
  let searchedTo = 0;
  let open: FlacFrame | null = null;
  let maybe: FlacFrame[] = [];
  let nextSample = -1;
  let reached = { sample: -1, at: 0 };

  /**
   * End the open frame here. If sound is missing before the next frame, or something other than sound lies between, the
   * open frame counts only if it is whole.
   */
  function close(end: number, { isSure }: { readonly isSure: boolean }): void {
    if (open === null) return;
    const bytes = held.subarray(open.at - base, end - base);
    const fits = flac.largestFrameBytes === 0 || bytes.length <= flac.largestFrameBytes;
    if ((isSure && fits) || wholeFrameBytes(bytes, open.headerBytes) === bytes.length) take(open, bytes);
    open = null;
  }

  function begin(frame: FlacFrame): void {
    open = frame;
    reached = frame;
    nextSample = frame.sample + frame.samples;
  }

  function find(frame: FlacFrame): void {
    if (frame.sample === nextSample) {
      close(frame.at, { isSure: true });
      begin(frame);
    } else if (frame.sample > nextSample) {
      const before = maybe.find(({ sample, samples }) => sample + samples === frame.sample);
      if (before === undefined) {
        maybe = [...maybe.slice(-3), frame];
        return;
      }
      close(before.at, { isSure: false });
      begin(before);
      close(frame.at, { isSure: true });
      begin(frame);
    } else return;
    maybe = [];
  }

  function search(end: number): void {
    for (;;) {
      const found = findFlacFrame(held, searchedTo - base, flac, work);
      if (found === null || found.at + base >= end) break;
      searchedTo = base + found.at + 1;
      find({ ...found, at: base + found.at });
    }
    searchedTo = Math.max(searchedTo, end);
  }

  return {
    get reachedSample() {
      return reached.sample;
    },
    get reachedAt() {
      return reached.at;
    },
    push(piece) {
      held = concatBytes([held, piece]);
      const end = base + held.length;
      search(end - HEADER_BYTES);
      if (open !== null && end - open.at > FRAME_MAX_BYTES) open = null;
      const keptFrom = Math.max(base, Math.min(open?.at ?? end, maybe[0]?.at ?? end, searchedTo));
      held = held.subarray(keptFrom - base);
      base = keptFrom;
    },
    end() {
      const end = base + held.length;
      search(end);
      const [only] = maybe;
      if (nextSample < 0 && only !== undefined) begin(only);
      if (open === null) return;
      const whole = wholeFrameBytes(held.subarray(open.at - base), open.headerBytes);
      if (whole > 0) close(open.at + whole, { isSure: true });
    },
  };
}
