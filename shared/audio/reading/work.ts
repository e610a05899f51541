import type { ByteSource } from "./byte-source.ts";
import { DamagedSource, type ChunkPlan, type RefusalCode } from "../chunks/chunk.ts";
import { MAX_DURATION_MS, READ_BYTES } from "../chunks/limits.ts";

/**
 * How much work a recording may cause. Every planner, cutter and parser spends from it, so no count, size or offset in a
 * file decides how long it takes to read it.
 */
export interface WorkLimits {
  /** Visited frames, pages, packets, elements, boxes and table entries, and places searched for a mark. */
  readonly elements: number;
  /** Bytes read from the source, or copied from a source in memory. */
  readonly bytes: number;
  /** Requests to the source. */
  readonly reads: number;
  /** Memory that is held at once, in units of `ENTRY_BYTES`. */
  readonly entries: number;
  /** Calls to a model that a plan asks for. */
  readonly calls: number;
  /** Bytes of sound that an index claims. */
  readonly claimedBytes: number;
}

export type WorkKind = keyof WorkLimits;

/** The approximate memory of an object with a place and its time. */
export const ENTRY_BYTES = 64;

/**
 * The work of a box or element whose header may have to be fetched. It is an awaited step of about 0.5 µs. A frame in a
 * buffer takes 20 ns.
 */
export const FETCHED_ELEMENT = 16;

/** The least average size of frames: the smallest legal frame of ADTS has 8 bytes, and is visited 1.3 times. */
const ELEMENT_BYTES = 6;

/** The elements for headers, tables and searches, which even the smallest file needs. */
const BASE_ELEMENTS = 250_000;

/** The frames of the longest recording: AAC at 96 kHz has 94 in a second. */
const MOST_ELEMENTS = Math.ceil((MAX_DURATION_MS / 1000) * 94);

/** How often planning may read the file: a walk over it, one to find joined files, a plan of each of them, and the searches in between. */
const PLAN_READINGS = 5;

/** The bytes for any file. A small file is read many times in memory, and headers are read in growing steps up to 24 MB. */
const BASE_BYTES = 64 * 1024 * 1024;

/** An invocation makes at most 10,000 requests (developers.cloudflare.com/workers/platform/limits). Two days take 7,000. */
const MOST_READS = 8000;

/** 64 MB of an isolate's 128: the frames of a week. A recording of a day takes less than ten. */
const MOST_ENTRIES = (64 * 1024 * 1024) / ENTRY_BYTES;
const BASE_ENTRIES = 50_000;

/** Planning may use as much memory as the file has bytes: an index of speech in packets of 20 bytes takes 16 bytes for each. */
const ENTRIES_A_BYTE = 1 / ENTRY_BYTES;

/** A minute of speech has at least this many bytes, at nearly 3 kbit/s. With fewer, the duration in the header is wrong. */
const CALL_BYTES = 20_000;
const BASE_CALLS = 20;

/** After an interrupted upload, at least a sixteenth of the file must be there. */
const CLAIMED_SHARE = 16;

/** Return the work that planning a source of this size may take. */
export function planLimits(sizeBytes: number): WorkLimits {
  return {
    elements: Math.min(MOST_ELEMENTS, BASE_ELEMENTS + Math.ceil(sizeBytes / ELEMENT_BYTES)),
    bytes: BASE_BYTES + PLAN_READINGS * sizeBytes,
    reads: MOST_READS,
    entries: Math.min(MOST_ENTRIES, BASE_ENTRIES + Math.ceil(sizeBytes * ENTRIES_A_BYTE)),
    calls: BASE_CALLS + Math.floor(sizeBytes / CALL_BYTES),
    claimedBytes: CLAIMED_SHARE * sizeBytes,
  };
}

/** If the bitrate differs along a file, a chunk may read this many times the planned bytes. */
const CUT_READINGS = 8;
const CUT_ELEMENTS = 2_000_000;
/** 64 MB: a minute of uncompressed sound with four channels of 24 bits, which cutting mixes down. */
const CUT_ENTRIES = (64 * 1024 * 1024) / ENTRY_BYTES;

/** 64 steps are 256 MB: field recorders write ten channels of 32 bits at 96 kHz, 230 MB a minute. */
const CUT_STEPS = 64;
/** Twelve reads are for the chunk itself. The rest is for tags, tables and damage. */
const CUT_READS = 500;

/** Return the work that cutting a chunk may take. It depends on the chunk, not on the source. */
export function cutLimits({ bytes }: Pick<ChunkPlan, "bytes">): WorkLimits {
  return {
    elements: CUT_ELEMENTS + Math.ceil((bytes?.length ?? 0) / ELEMENT_BYTES),
    bytes: BASE_BYTES + CUT_STEPS * READ_BYTES + CUT_READINGS * (bytes?.length ?? 0),
    reads: CUT_READS,
    entries: CUT_ENTRIES,
    calls: 0,
    claimedBytes: 0,
  };
}

/** Reading the file would take more work than its size allows. Another attempt would take the same. */
export class WorkSpent extends DamagedSource {
  readonly kind: WorkKind;

  constructor(kind: WorkKind, limit: number) {
    super(sentences[kind](limit.toLocaleString("en")));
    this.kind = kind;
  }

  get code(): RefusalCode {
    return this.kind === "calls" ? "too_many_calls" : "too_complex";
  }
}

const ADVICE = "It is damaged, or was made to cause work. Convert it to MP3 or M4A and send the result.";
const sentences: Readonly<Record<WorkKind, (limit: string) => string>> = {
  elements: (limit) => `The file has more than ${limit} frames, pages or elements, too many for its size. ${ADVICE}`,
  bytes: (limit) => `To find the sound in the file, more than ${limit} bytes would have to be read. ${ADVICE}`,
  reads: (limit) => `To find the sound in the file, more than ${limit} reads would be needed. ${ADVICE}`,
  entries: (limit) => `The file's index needs more than ${limit} entries in memory. ${ADVICE}`,
  claimedBytes: (limit) =>
    `The file's index claims more than ${limit} bytes of sound, far more than the file has. Its upload may have been interrupted: send it again.`,
  calls: (limit) =>
    `By its headers the file is so long that it needs more than ${limit} calls to a model, too many for its size. If almost all of it is silence, cut the silence out. If not, it is damaged: convert it to MP3 or M4A and send the result.`,
};

/** Counts the work of reading a recording. Throws `WorkSpent` if a limit is exceeded. */
export class Work {
  readonly limits: WorkLimits;
  #elements = 0;
  #bytes = 0;
  #reads = 0;
  #entries = 0;
  #mostEntries = 0;
  #calls = 0;
  #claimedBytes = 0;

  constructor(limits: WorkLimits) {
    this.limits = limits;
  }

  /** The work so far. `entries` is the most that were in memory at once. */
  get spent(): WorkLimits {
    return {
      elements: Math.ceil(this.#elements),
      bytes: this.#bytes,
      reads: this.#reads,
      entries: Math.ceil(this.#mostEntries),
      calls: this.#calls,
      claimedBytes: this.#claimedBytes,
    };
  }

  visit(elements = 1): void {
    this.#elements += elements;
    // The test is not `>`, so that NaN exceeds the limit.
    if (!(this.#elements <= this.limits.elements)) throw new WorkSpent("elements", this.limits.elements);
  }

  read(bytes: number): void {
    this.#bytes += bytes;
    if (!(this.#bytes <= this.limits.bytes)) throw new WorkSpent("bytes", this.limits.bytes);
  }

  request(): void {
    this.#reads += 1;
    if (!(this.#reads <= this.limits.reads)) throw new WorkSpent("reads", this.limits.reads);
  }

  /** Count entries that are in memory only for a moment, in addition to the others. */
  peak(entries: number): void {
    this.#mostEntries = Math.max(this.#mostEntries, this.#entries + entries);
    if (!(this.#entries + entries <= this.limits.entries)) throw new WorkSpent("entries", this.limits.entries);
  }

  keep(entries = 1): void {
    this.#entries += entries;
    this.#mostEntries = Math.max(this.#mostEntries, this.#entries);
    if (!(this.#entries <= this.limits.entries)) throw new WorkSpent("entries", this.limits.entries);
  }

  /** Count bytes in memory as entries. */
  hold(bytes: number): void {
    this.keep(bytes / ENTRY_BYTES);
  }

  /** Run `use`, and free the entries that it held when it ends. */
  async borrow<Result>(use: () => Promise<Result>): Promise<Result> {
    const before = this.#entries;
    try {
      return await use();
    } finally {
      this.#entries = before;
    }
  }

  /** Count bytes of sound that an index claims. */
  claim(bytes: number): void {
    this.#claimedBytes += bytes;
    if (!(this.#claimedBytes <= this.limits.claimedBytes))
      throw new WorkSpent("claimedBytes", this.limits.claimedBytes);
  }

  call(calls = 1): void {
    this.#calls += calls;
    if (!(this.#calls <= this.limits.calls)) throw new WorkSpent("calls", this.limits.calls);
  }
}

export function planWork({ sizeBytes }: Pick<ByteSource, "sizeBytes">): Work {
  return new Work(planLimits(sizeBytes));
}

export function cutWork(chunk: Pick<ChunkPlan, "bytes">): Work {
  return new Work(cutLimits(chunk));
}
