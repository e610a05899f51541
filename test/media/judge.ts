// Compares the result of planning and cutting a file with ffmpeg's decoding of it, or of the file that it was made from.
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

import type { extractChunk } from "../../shared/audio/extract.ts";
import type { planAudio } from "../../shared/audio/plan.ts";
import { decode, fileSource, LIMITS } from "../audio/media.ts";

/** `DARKROOM_AUDIO_ROOT` names another checkout. Its code is then judged on the same files. */
const ROOT = process.env["DARKROOM_AUDIO_ROOT"] ?? join(import.meta.dirname, "../..");

/** right: all sound that ffmpeg decodes is kept, or marked as missing. */
export type Verdict = "right" | "refused" | "wrong" | "unmarked" | "bought" | "threw";

export interface Judged {
  readonly verdict: Verdict;
  readonly says: string;
}

export interface Asked {
  /** The file that ffmpeg decodes instead of the file itself: the recording before it was damaged. */
  readonly reference?: string;
  /** Whether a refusal is right. */
  readonly isUnreadable?: boolean;
  /** Whether the file is silent, so that no call may be made. */
  readonly isSilent?: boolean;
  /** The seconds that must be marked as missing. */
  readonly missing?: number;
  /** The options of the recording's job. */
  readonly options?: Readonly<Record<string, unknown>>;
}

interface Modules {
  readonly planAudio: typeof planAudio;
  readonly extractChunk: typeof extractChunk;
}

let modules: Promise<Modules> | undefined;

async function load(): Promise<Modules> {
  const at = async (path: string) => (await import(pathToFileURL(join(ROOT, path)).href)) as Modules;
  const [{ planAudio: plan }, { extractChunk: cut }] = [
    await at("shared/audio/plan.ts"),
    await at("shared/audio/extract.ts"),
  ];
  return { planAudio: plan, extractChunk: cut };
}

const RATE_MS = 16;
const SLICE_MS = 1_000;
const ALIKE = 0.8;
/** Quieter than any speech in these tests. */
const QUIET = 1e-3;
/** A frame at the edge of a hole may fail to decode, and the sound after it is then early. A frame of AAC at 16 kHz lasts 64 ms. */
const LATE_MS = 80;
/** The errors that are reported to the sender. */
const SAID = new Set(["DamagedSource", "SilentStretch", "WorkSpent"]);

interface Span {
  readonly startMs: number;
  readonly endMs: number;
}

export async function judge(path: string, asked: Asked): Promise<Judged> {
  const folder = await mkdtemp(join(tmpdir(), "darkroom-judge-"));
  try {
    return await judgeIn(folder, path, asked);
  } catch (error) {
    return { verdict: "threw", says: error instanceof Error ? `${error.name}: ${error.message}` : String(error) };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function judgeIn(folder: string, path: string, asked: Asked): Promise<Judged> {
  modules ??= load();
  const audio = await modules;
  const source = await fileSource(path);
  const plan = await audio.planAudio(source, { ...LIMITS, ...asked.options });
  if (plan.type === "refused") {
    return asked.isUnreadable === true
      ? { verdict: "right", says: `refused: ${plan.code}` }
      : { verdict: "refused", says: `${plan.code}: ${plan.message}` };
  }
  const heard = { samples: new Float32Array(0), from: 0 };
  const gaps: Span[] = [];
  let calls = 0;
  const put = (samples: Float32Array, atMs: number) => {
    const from = Math.max(0, Math.round(atMs * RATE_MS));
    if (from + samples.length > heard.samples.length) {
      const longer = new Float32Array(from + samples.length);
      longer.set(heard.samples);
      heard.samples = longer;
    }
    heard.samples.set(samples, from);
  };
  // For a checkout that sends small files unchanged.
  if ((plan as { readonly type: string }).type === "whole") {
    calls = 1;
    put(await decode(path).catch(() => new Float32Array(0)), 0);
  } else {
    gaps.push(...((plan as { readonly gaps?: readonly Span[] }).gaps ?? []));
    for (const chunk of plan.chunks) {
      const cut = await audio.extractChunk(source, chunk).catch((error: unknown) => {
        if (!(error instanceof Error) || !SAID.has(error.name)) throw error;
        if (error.name !== "SilentStretch") gaps.push({ startMs: chunk.ownStartMs, endMs: chunk.ownEndMs });
        return null;
      });
      if (cut === null) continue;
      calls += 1;
      gaps.push(...((cut as { readonly missing?: readonly Span[] }).missing ?? []));
      await writeFile(join(folder, "chunk"), cut.bytes);
      const samples = await decode(join(folder, "chunk"));
      let atMs = 0;
      let lateMs = 0;
      const pieces = [...(cut.pauses ?? []), { atMs: Infinity, lengthMs: 0 }];
      for (const pause of pieces) {
        const toMs = Math.min(pause.atMs, samples.length / RATE_MS);
        const fromMs = Math.max(atMs, chunk.ownStartMs - cut.startMs - lateMs);
        const untilMs = Math.min(toMs, chunk.ownEndMs - cut.startMs - lateMs);
        if (untilMs > fromMs)
          put(
            samples.subarray(Math.round(fromMs * RATE_MS), Math.round(untilMs * RATE_MS)),
            cut.startMs + lateMs + fromMs,
          );
        atMs = toMs;
        lateMs += pause.lengthMs;
      }
    }
  }
  if (asked.isSilent === true)
    return calls === 0
      ? { verdict: "right", says: "nothing bought" }
      : { verdict: "bought", says: `${calls} calls for silence` };
  const reference = await decode(asked.reference ?? path).catch(() => new Float32Array(0));
  return compareAll(reference, heard.samples, gaps, calls, plan.durationMs, asked);
}

function compareAll(
  reference: Float32Array,
  heard: Float32Array,
  gaps: readonly Span[],
  calls: number,
  durationMs: number,
  { missing = 0 }: Asked,
): Judged {
  const totalMs = reference.length / RATE_MS;
  const markedMs = gaps.reduce((sum, { startMs, endMs }) => sum + endMs - startMs, 0);
  if (calls > 8 + totalMs / 5_000) return { verdict: "wrong", says: `${calls} calls for ${Math.round(totalMs)} ms` };
  let right = 0;
  let marked = 0;
  let unmarked = 0;
  let wrong = 0;
  let lag = 0;
  for (let atMs = 0; atMs + SLICE_MS <= totalMs; atMs += SLICE_MS) {
    const from = atMs * RATE_MS;
    const slice = reference.subarray(from, from + SLICE_MS * RATE_MS);
    const own = heard.subarray(from, from + SLICE_MS * RATE_MS);
    const isQuiet = rms(slice) < QUIET;
    if (isQuiet) {
      if (rms(own) > 10 * QUIET) wrong += 1;
      continue;
    }
    const found = bestLag(reference, heard, from, lag);
    lag = found.lag;
    if (found.correlation > ALIKE && Math.abs(found.lag) <= LATE_MS * RATE_MS) right += 1;
    else if (gaps.some(({ startMs, endMs }) => startMs < atMs + SLICE_MS && endMs > atMs)) marked += 1;
    else if (own.length === 0 || rms(own) < QUIET) unmarked += 1;
    else wrong += 1;
  }
  const heardMs = heard.length / RATE_MS;
  const says = `${right} s right, ${marked} marked, ${unmarked} unmarked, ${wrong} wrong; ${Math.round(heardMs)} of ${Math.round(durationMs)} ms, ${Math.round(markedMs)} ms missing, ${calls} calls`;
  // A second at each edge of a hole may be half sound and half damage.
  if (wrong > (gaps.length > 0 ? 2 : 1) || heardMs > totalMs + 2_500) return { verdict: "wrong", says };
  if (unmarked > 0 || markedMs < missing * 1000 - 1_500) return { verdict: "unmarked", says };
  return { verdict: "right", says };
}

function rms(samples: Float32Array): number {
  let sum = 0;
  for (const sample of samples) sum += sample * sample;
  return Math.sqrt(sum / Math.max(1, samples.length));
}

function bestLag(left: Float32Array, right: Float32Array, from: number, near: number) {
  const length = SLICE_MS * RATE_MS;
  const at = (lag: number, stride: number) => {
    let [product, a2, b2] = [0, 0, 0];
    for (let index = 0; index < length; index += stride) {
      const a = left[from + index] ?? 0;
      const b = right[from + index + lag] ?? 0;
      product += a * b;
      a2 += a * a;
      b2 += b * b;
    }
    return product / Math.sqrt(a2 * b2 + 1e-12);
  };
  let best = { lag: near, correlation: at(near, 1) };
  if (best.correlation > 0.97) return best;
  for (let lag = -LATE_MS * RATE_MS * 1.5; lag <= LATE_MS * RATE_MS * 1.5; lag += 2) {
    const correlation = at(lag, 13);
    if (correlation > best.correlation) best = { lag, correlation };
  }
  return { lag: best.lag, correlation: Math.max(at(best.lag, 1), best.correlation) };
}
