import { extentOf, GLANCE, guessExtent, measureAudio } from "../../shared/audio/extent.ts";
import { type ByteSource, r2Source, SourceChanged } from "../../shared/audio/reading/byte-source.ts";
import { AllowanceSpent, type ReadAllowance } from "../../shared/audio/reading/sparing-source.ts";
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
 * Estimate what work would cost, for a dry run. A recording is measured; if that would read too much, its extent is guessed. The
 * estimate is null if not even a guess is possible. A recording that cannot be transcribed is refused.
 * @param bytesOf opens the bytes of a recording's source.
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
    // A client may send less of a file than a guess needs.
    if (error instanceof AllowanceSpent) return { ok: true, estimate: null };
    if (!(error instanceof SourceChanged)) throw error;
    return { ok: false, problem: { code: "source_not_found", detail: error.message } };
  }
}

/**
 * Read the extent of a recording, for its estimate, if a glance is enough. Null for other work, and for longer recordings, which are
 * measured when their task plans them.
 */
export async function glanceAt(work: JobWork, { media, journal }: Intake): Promise<AudioExtent | null> {
  const recording = kindOf(work.kind).recordingOf?.(work.input);
  if (recording === undefined || recording.source.sizeBytes === 0) return null;
  try {
    const measured = await measureAudio(r2Source(media, recording.source), recording.limits, GLANCE);
    return measured !== null && "code" in measured ? extentOf(measured) : measured;
  } catch (error) {
    // A job is accepted even without an estimate. If its source is gone, the job itself reports that.
    if (!(error instanceof SourceChanged)) journal.fault({ event: "estimate.failed" }, error);
    return null;
  }
}
