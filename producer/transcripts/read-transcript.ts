import { transcription } from "../../shared/kinds/transcription/kind.ts";
import { composeTranscript } from "../../shared/transcripts/compose-transcript.ts";
import { readChunks } from "../../shared/db/jobs/chunks.ts";
import type { JobDetail } from "../../shared/jobs/job-detail.ts";
import { Transcript } from "../../shared/transcripts/transcript.ts";

/** Read the transcript that a job's tasks have made so far: the joined one or, before that, the text of the chunks that are transcribed. */
export async function readTranscript(
  { job, artifacts, progress }: JobDetail,
  { db, media }: { db: D1Database; media: R2Bucket },
): Promise<Transcript> {
  const joined = artifacts.find((artifact) => artifact.name === transcription.result);
  const object = joined === undefined ? null : await media.get(joined.key);
  if (object !== null) return Transcript.parse(await object.json());
  const { transcribed, gaps } = await readChunks(db, job.id);
  return composeTranscript(transcribed, { gaps, durationMs: progress.audioMsTotal, hasAllEnded: false });
}
