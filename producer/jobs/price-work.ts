import { extentOf, GLANCE, guessExtent, measureAudio } from "../../shared/audio/extent.ts";
import { type ByteSource, r2Source, SourceChanged } from "../../shared/audio/reading/byte-source.ts";
import type { ReadAllowance } from "../../shared/audio/reading/sparing-source.ts";
import type { AudioExtent, Estimate } from "../../shared/cost/estimate.ts";
import { estimateWork } from "../../shared/cost/estimate-work.ts";
import type { Intake } from "../../shared/jobs/intake.ts";
import type { Source } from "../../shared/jobs/source.ts";
import { type JobWork, kindOf } from "../../shared/kinds/index.ts";
import type { Problem } from "../http/problem.ts";

export type Priced =
  | { readonly ok: true; readonly estimate: Estimate | null }
  | { readonly ok: false; readonly problem: Problem };

/**
 * What work would cost, for a dry run. A recording is planned or, where that would mean to read much, its extent is guessed.
 * The estimate is null where not even a guess can be made; a recording that cannot be transcribed is refused.
 * @param bytesOf opens what a recording's source holds.
 */
export async function priceWork(
  work: JobWork,
  bytesOf: (source: Source) => ByteSource,
  allowance: ReadAllowance,
): Promise<Priced> {
  const recording = kindOf(work.kind).recordingOf?.(work.input);
  if (recording === undefined) return { ok: true, estimate: estimateWork(work, null) };
  const { source, limits } = recording;
  const bytes = bytesOf(source);
  try {
    const extent = (await measureAudio(bytes, limits, allowance)) ?? (await guessExtent(bytes, limits));
    if (extent === null || !("code" in extent)) return { ok: true, estimate: estimateWork(work, extent) };
    return { ok: false, problem: { code: "unsupported_media", detail: extent.message } };
  } catch (error) {
    if (!(error instanceof SourceChanged)) throw error;
    return { ok: false, problem: { code: "source_not_found", detail: error.message } };
  }
}

/**
 * The extent of a recording, for its estimate, if a glance tells; null for other work and for longer recordings, whose
 * task finds it out when it plans.
 */
export async function glanceAt(work: JobWork, { media, journal }: Intake): Promise<AudioExtent | null> {
  const recording = kindOf(work.kind).recordingOf?.(work.input);
  if (recording === undefined || recording.source.sizeBytes === 0) return null;
  try {
    const measured = await measureAudio(r2Source(media, recording.source), recording.limits, GLANCE);
    return measured !== null && "code" in measured ? extentOf(measured) : measured;
  } catch (error) {
    // No job is refused for want of its price, and one whose source is gone says so itself.
    if (!(error instanceof SourceChanged)) journal.fault({ event: "estimate.failed" }, error);
    return null;
  }
}
