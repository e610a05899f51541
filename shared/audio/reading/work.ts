import { readWithin, type ByteSource, type ByteStream } from "./byte-source.ts";
import { DamagedSource, type ByteRange, type ChunkPlan, type RefusalCode } from "../chunks/chunk.ts";
import { MAX_DURATION_MS, READ_BYTES } from "../chunks/limits.ts";

/**
 * How much work a recording may make. Every planner, cutter and parser spends from it, so no count, size or offset in a
 * file decides how long its reading takes.
 */
export interface WorkLimits {
  /** Visited: a frame, page, packet, element or box, an entry of a table, a place where a mark was looked for. */
  readonly elements: number;
  /** Read from the source, or copied from a source in memory. */
  readonly bytes: number;
  /** Requests to the source. */
  readonly reads: number;
  /** Kept at once, in units of `ENTRY_BYTES`. */
  readonly entries: number;
  /** Calls to a model that a plan asks for. */
  readonly calls: number;
  /** Of sound, as an index tells of it. */
  readonly toldBytes: number;
}

export type WorkKind = keyof WorkLimits;

/** A place with its time takes about so much memory as an object. */
export const ENTRY_BYTES = 64;

/**
 * A box or element whose header may have to be fetched is an awaited step: some 0.5 µs, where a frame in a buffer takes
 * 20 ns.
 */
export const FETCHED_ELEMENT = 16;

/** No recording's frames are smaller on average: the smallest legal one of ADTS has 8 bytes, and is looked at 1.3 times. */
const ELEMENT_BYTES = 6;

/** Headers, tables and looks that even the smallest file needs. */
const BASE_ELEMENTS = 250_000;

/** The frames of the longest recording: AAC at 96 kHz has 94 in a second. */
const MOST_ELEMENTS = Math.ceil((MAX_DURATION_MS / 1000) * 94);

/** A walk over the file, one for files laid end to end, a plan of each of them, and the looks between. */
const PLAN_READINGS = 5;

/** A small file is looked at many times in memory, and headers are read in ever larger steps up to 24 MB. */
const BASE_BYTES = 64 * 1024 * 1024;

/** An invocation makes at most 10,000 requests (developers.cloudflare.com/workers/platform/limits). Two days take 7,000. */
const MOST_READS = 8000;

/** 64 MB: the frames of a week, of an isolate's 128. What is no longer than a day takes less than ten. */
const MOST_ENTRIES = (64 * 1024 * 1024) / ENTRY_BYTES;
const BASE_ENTRIES = 50_000;

/** As much as the file itself: an index of speech in packets of 20 bytes takes 16 bytes for each. */
const ENTRIES_A_BYTE = 1 / ENTRY_BYTES;

/** Less than 3 kbit/s is not speech: a header that says so lies about the time. */
const CALL_BYTES = 20_000;
const BASE_CALLS = 20;

/** Of a file whose upload broke off, at least a sixteenth is there. */
const TOLD_SHARE = 16;

/** What planning a source of this size may take. */
export function planLimits(sizeBytes: number): WorkLimits {
  return {
    elements: Math.min(MOST_ELEMENTS, BASE_ELEMENTS + Math.ceil(sizeBytes / ELEMENT_BYTES)),
    bytes: BASE_BYTES + PLAN_READINGS * sizeBytes,
    reads: MOST_READS,
    entries: Math.min(MOST_ENTRIES, BASE_ENTRIES + Math.ceil(sizeBytes * ENTRIES_A_BYTE)),
    calls: BASE_CALLS + Math.floor(sizeBytes / CALL_BYTES),
    toldBytes: TOLD_SHARE * sizeBytes,
  };
}

/** Where bitrates differ along a file, a chunk reads so many times what was planned for it. */
const CUT_READINGS = 8;
const CUT_ELEMENTS = 2_000_000;
/** 64 MB: a minute of uncompressed sound of 24 bits in four channels, which cutting mixes down. */
const CUT_ENTRIES = (64 * 1024 * 1024) / ENTRY_BYTES;

/** A minute of ten channels of 32 bits at 96 kHz, as recorders in the field write it, has 230 MB. */
const CUT_STEPS = 64;
/** A chunk's own reads are twelve; tags, tables and damage are looked around. */
const CUT_READS = 500;

/** What cutting a chunk may take. It depends on the chunk, not on the source. */
export function cutLimits({ bytes }: Pick<ChunkPlan, "bytes">): WorkLimits {
  return {
    elements: CUT_ELEMENTS + Math.ceil((bytes?.length ?? 0) / ELEMENT_BYTES),
    bytes: BASE_BYTES + CUT_STEPS * READ_BYTES + CUT_READINGS * (bytes?.length ?? 0),
    reads: CUT_READS,
    entries: CUT_ENTRIES,
    calls: 0,
    toldBytes: 0,
  };
}

/** More work was asked for than the source's size allows. Trying again would ask for the same. */
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

const ADVICE = "It is damaged, or was made to be so. Convert it to MP3 or M4A, and send that.";
const sentences: Readonly<Record<WorkKind, (limit: string) => string>> = {
  elements: (limit) => `The file has more than ${limit} frames, pages or elements, too many for its size. ${ADVICE}`,
  bytes: (limit) => `More than ${limit} bytes would have to be read to find the sound in the file. ${ADVICE}`,
  reads: (limit) =>
    `The file would have to be looked at in more than ${limit} places to find the sound in it. ${ADVICE}`,
  entries: (limit) => `The file's index needs more than ${limit} entries in memory. ${ADVICE}`,
  toldBytes: (limit) =>
    `The file's index tells of more than ${limit} bytes of sound, far more than there are in the file. Its upload may have broken off: send it again.`,
  calls: (limit) =>
    `The file says that it lasts so long that it would take more than ${limit} calls to a model, too many for its size. It may be nearly all silence: cut the silence out. If not, it is damaged: convert it to MP3 or M4A, and send that.`,
};

/** Counts what reading a recording takes. Throws `WorkSpent` where a limit is passed. */
export class Work {
  readonly limits: WorkLimits;
  #elements = 0;
  #bytes = 0;
  #reads = 0;
  #entries = 0;
  #mostEntries = 0;
  #calls = 0;
  #toldBytes = 0;

  constructor(limits: WorkLimits) {
    this.limits = limits;
  }

  /** What was spent so far; of entries the most that were kept at once. */
  get spent(): WorkLimits {
    return {
      elements: Math.ceil(this.#elements),
      bytes: this.#bytes,
      reads: this.#reads,
      entries: Math.ceil(this.#mostEntries),
      calls: this.#calls,
      toldBytes: this.#toldBytes,
    };
  }

  visit(elements = 1): void {
    this.#elements += elements;
    // Not `>`: what is not a number is too much.
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

  /** So many entries are kept for a moment only, beside the others. */
  peak(entries: number): void {
    this.#mostEntries = Math.max(this.#mostEntries, this.#entries + entries);
    if (!(this.#entries + entries <= this.limits.entries)) throw new WorkSpent("entries", this.limits.entries);
  }

  keep(entries = 1): void {
    this.#entries += entries;
    this.#mostEntries = Math.max(this.#mostEntries, this.#entries);
    if (!(this.#entries <= this.limits.entries)) throw new WorkSpent("entries", this.limits.entries);
  }

  /** Kept bytes, counted as entries. */
  hold(bytes: number): void {
    this.keep(bytes / ENTRY_BYTES);
  }

  /** What is kept by this is let go of when it ends. */
  async borrow<Result>(use: () => Promise<Result>): Promise<Result> {
    const before = this.#entries;
    try {
      return await use();
    } finally {
      this.#entries = before;
    }
  }

  /** So many bytes of sound there are said to be. */
  told(bytes: number): void {
    this.#toldBytes += bytes;
    if (!(this.#toldBytes <= this.limits.toldBytes)) throw new WorkSpent("toldBytes", this.limits.toldBytes);
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

/** Read what is then held whole. */
export async function readHeld(source: ByteSource, { offset, length }: ByteRange, work: Work): Promise<Uint8Array> {
  const lengthBytes = Math.min(length, source.sizeBytes - offset);
  work.hold(lengthBytes);
  return readWithin(source, offset, lengthBytes);
}

/** A request costs as much as reading so many bytes more. */
const READ_COST_BYTES = 16 * 1024;

/** A source whose reading is counted. In memory a read is no request, and costs no more than its bytes. */
export function countedSource(source: ByteSource, work: Work, { isInMemory = false } = {}): ByteSource {
  const leastBytes = isInMemory ? 0 : READ_COST_BYTES;
  const counted: ByteSource = {
    sizeBytes: source.sizeBytes,
    async read(offset, lengthBytes) {
      if (!isInMemory) work.request();
      work.read(Math.max(leastBytes, lengthBytes));
      return source.read(offset, lengthBytes);
    },
  };
  return source.open === undefined ? counted : { ...counted, open: async (offset) => openCounted(offset) };

  async function openCounted(offset: number): Promise<ByteStream> {
    if (!isInMemory) work.request();
    const stream = await source.open?.(offset);
    if (stream === undefined) throw new Error("The source cannot be opened.");
    return {
      async readInto(view) {
        work.read(view.length);
        return stream.readInto(view);
      },
    };
  }
}
