import { type ByteSource, r2Source, SourceChanged } from "../../shared/audio/reading/byte-source.ts";
import { callLimits, type CallLimits } from "../../shared/audio/chunks/call-limits.ts";
import type { Refusal } from "../../shared/audio/chunks/chunk.ts";
import { type AudioExtent, extentOf, GLANCE, guessExtent, measureAudio } from "../../shared/audio/extent.ts";
import type { ReadAllowance } from "../../shared/audio/reading/sparing-source.ts";
import type { Intake } from "../../shared/jobs/intake.ts";
import type { JobWork } from "../../shared/jobs/new-job.ts";

/**
 * The extent of a recording, for its estimate, if a glance tells; null for other work and for longer recordings, whose
 * task finds it out when it plans.
 */
export async function glanceAt(work: JobWork, { media, journal }: Intake): Promise<AudioExtent | null> {
  if (work.kind !== "transcription" || work.input.source.sizeBytes === 0) return null;
  try {
    const measured = await measureAudio(
      r2Source(media, work.input.source),
      callLimits(work.input.options.tier),
      GLANCE,
    );
    return measured !== null && "code" in measured ? extentOf(measured) : measured;
  } catch (error) {
    // No job is refused for want of its price, and one whose source is gone says so itself.
    if (!(error instanceof SourceChanged)) journal.fault({ event: "estimate.failed" }, error);
    return null;
  }
}

/**
 * The extent of a recording, for a dry run: planned or, where that would mean to read much, guessed.
 * @returns why it cannot be transcribed; null where not even a guess can be made.
 * @throws SourceChanged
 */
export async function lookAt(
  source: ByteSource,
  limits: CallLimits,
  allowance: ReadAllowance,
): Promise<AudioExtent | Refusal | null> {
  return (await measureAudio(source, limits, allowance)) ?? guessExtent(source, limits);
}
