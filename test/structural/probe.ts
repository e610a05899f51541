import type { ByteSource } from "../../shared/audio/reading/byte-source.ts";
import { SMALL_BYTES, callLimits } from "../../shared/audio/chunks/limits.ts";
import { DamagedSource, SilentStretch } from "../../shared/audio/chunks/chunk.ts";
import { GLANCE, guessExtent, LOOK, measureAudio } from "../../shared/audio/extent.ts";
import { extractChunk } from "../../shared/audio/extract.ts";
import { planAudio, type AudioPlan } from "../../shared/audio/plan.ts";
import { cutWork, planWork, type Work, type WorkLimits } from "../../shared/audio/reading/work.ts";

/** The result of a case. A finding is a sentence about a fault. */
export interface Probed {
  /** The outcome, for example "refused: damaged" or "3 chunks". */
  readonly outcome: string;
  readonly findings: readonly string[];
  /** The largest share of any limit that was spent. */
  readonly share: number;
  /** The largest work of a single step. */
  readonly spent: WorkLimits;
}

/** Runs a step, and may measure its work. */
export type Measure = <T>(step: string, run: () => Promise<T>) => Promise<T>;

/** The limits of a call to one tier's model. Other tiers have other limits. */
const LIMITS = callLimits("accurate");

/** The counters with limits. A step that finds a limit spent goes beyond it, for example with a read of a stretch or a table of entries. */
const KINDS = ["elements", "bytes", "entries", "calls", "claimedBytes"] as const;

/** The form of a message for the person who sent the file. It may end with a command to copy. */
const SENTENCE = /^[A-Z].*(?:\.|: ffmpeg [^.].*)$/s;

/** Issue 11: a plan has at most 20 calls, and one for each 20 kB of source. */
const BASE_CALLS = 20;
const CALL_BYTES = 20_000;

/** Plan a source as a consumer does, cut its first, a middle and its last chunk, and measure it as the API does. */
export async function probe(source: ByteSource, measure: Measure = (_step, run) => run()): Promise<Probed> {
  const findings: string[] = [];
  let share = 0;
  const spent = { elements: 0, bytes: 0, entries: 0, reads: 0, calls: 0, claimedBytes: 0 };
  const watched = watchReads(source, findings);

  async function step<T>(name: string, work: Work | null, run: (bytes: ByteSource) => Promise<T>): Promise<T | null> {
    const before = watched.readBytes;
    let result: T | null = null;
    try {
      result = await measure(name, () => run(watched));
    } catch (error) {
      const isSaid = error instanceof DamagedSource || error instanceof SilentStretch;
      if (!isSaid) findings.push(`${name} threw ${describe(error)}`);
      else if (!SENTENCE.test(error.message)) findings.push(`${name} says '${error.message}'`);
    }
    if (work === null) return result;
    const read = watched.readBytes - before;
    for (const kind of KINDS) {
      spent[kind] = Math.max(spent[kind], work.spent[kind]);
      if (work.limits[kind] > 0) share = Math.max(share, work.spent[kind] / work.limits[kind]);
    }
    if (read > Math.min(work.limits.bytes, work.spent.bytes)) {
      findings.push(
        `${name} read ${read} bytes of the source, ${work.spent.bytes} counted, ${work.limits.bytes} allowed`,
      );
    }
    return result;
  }

  const work = planWork(source);
  const plan = await step("planAudio", work, (bytes) => planAudio(bytes, LIMITS, work));
  findings.push(...judge(plan, source));
  if (plan?.type === "chunks") {
    const { chunks } = plan;
    for (const index of new Set([0, chunks.length >> 1, chunks.length - 1])) {
      const chunk = chunks[index];
      if (chunk === undefined) continue;
      const cutting = cutWork(chunk);
      const file = await step(`extractChunk ${index}`, cutting, (bytes) => extractChunk(bytes, chunk, cutting));
      if (file !== null && !(file.durationMs > 0 && Number.isFinite(file.startMs)))
        findings.push(`chunk ${index} starts at ${file.startMs} ms and lasts ${file.durationMs} ms`);
    }
  }
  // A small file is always read completely. The additional bytes are the half of it that is read to guess its length.
  if (source.sizeBytes <= SMALL_BYTES) {
    const half = { ...watched, sizeBytes: source.sizeBytes >> 1 };
    await step("planAudio of a half", null, () => planAudio(half, LIMITS, planWork(source)));
    return { outcome: nameOf(plan), findings, share, spent };
  }
  for (const [name, allowance] of Object.entries({ GLANCE, LOOK })) {
    const before = watched.readBytes;
    await step(`measureAudio ${name}`, null, (bytes) => measureAudio(bytes, LIMITS, allowance));
    if (watched.readBytes - before > allowance.maxBytes)
      findings.push(`measureAudio ${name} read ${watched.readBytes - before} bytes`);
  }
  await step("guessExtent", null, (bytes) => guessExtent(bytes, LIMITS));
  return { outcome: nameOf(plan), findings, share, spent };
}

function judge(plan: AudioPlan | null, { sizeBytes }: ByteSource): readonly string[] {
  if (plan === null) return ["planAudio gave no plan"];
  if (plan.type === "refused") return SENTENCE.test(plan.message) ? [] : [`the refusal says '${plan.message}'`];
  const findings = plan.durationMs > 0 ? [] : [`the plan lasts ${plan.durationMs} ms`];
  const most = BASE_CALLS + Math.floor(sizeBytes / CALL_BYTES);
  if (plan.chunks.length > most)
    findings.push(`${plan.chunks.length} calls planned for ${sizeBytes} bytes, at most ${most}`);
  if (plan.chunks.length === 0) findings.push("the plan has no chunks");
  let atMs = 0;
  for (const { index, ownStartMs, ownEndMs, startMs, endMs, bytes } of plan.chunks) {
    const isWithin = startMs <= ownStartMs && ownStartMs < ownEndMs && ownEndMs <= endMs && ownStartMs === atMs;
    const isInside = bytes === undefined || (bytes.offset >= 0 && bytes.length >= 0);
    atMs = ownEndMs;
    if (isWithin && isInside) continue;
    findings.push(`chunk ${index} is planned at ${JSON.stringify({ ownStartMs, ownEndMs, startMs, endMs, bytes })}`);
    break;
  }
  return findings;
}

/** Return a source that records a read outside of it as a finding. R2 refuses such a read, so it is a fault of the reader. */
function watchReads(source: ByteSource, findings: string[]): ByteSource & { readonly readBytes: number } {
  let readBytes = 0;
  return {
    sizeBytes: source.sizeBytes,
    get readBytes() {
      return readBytes;
    },
    async read(offset, lengthBytes) {
      const isInside = offset >= 0 && lengthBytes >= 0 && offset + lengthBytes <= source.sizeBytes;
      if (!isInside || !Number.isInteger(offset) || !Number.isInteger(lengthBytes)) {
        findings.push(`read ${lengthBytes} bytes at ${offset} of ${source.sizeBytes}`);
        throw new DamagedSource("read outside the source");
      }
      readBytes += lengthBytes;
      return source.read(offset, lengthBytes);
    },
  };
}

function nameOf(plan: AudioPlan | null): string {
  if (plan === null) return "none";
  if (plan.type === "refused") return `refused: ${plan.code}`;
  return `${plan.chunks.length} chunks`;
}

function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const where = error.stack?.split("\n").find((line) => line.includes("/shared/")) ?? "";
  return `${error.name}: ${error.message} ${where.trim().replace(/\(.*\/shared\//, "(shared/")}`;
}
