import { readChunks } from "../../shared/db/jobs/chunks.ts";
import { findVersion, type TranscriptState } from "../../shared/db/transcripts/versions.ts";
import type { JobDetail } from "../../shared/jobs/job-detail.ts";
import { transcription } from "../../shared/kinds/transcription/kind.ts";
import { composeTranscript } from "../../shared/transcripts/compose-transcript.ts";
import { fillGaps } from "../../shared/transcripts/fill-gaps.ts";
import { Transcript } from "../../shared/transcripts/transcript.ts";
import type { TranscriptVersion, WantedVersion } from "../../shared/transcripts/version.ts";

type Deps = { readonly db: D1Database; readonly media: R2Bucket };

/** Read the transcript that a job's tasks have made so far: the joined one or, before that, the text of the chunks that are transcribed. */
export async function readTranscript(
  { job, artifacts, progress }: JobDetail,
  { db, media }: Deps,
): Promise<Transcript> {
  const joined = artifacts.find((artifact) => artifact.name === transcription.result);
  const object = joined === undefined ? null : await media.get(joined.key);
  if (object !== null) return Transcript.parse(await object.json());
  const { transcribed, gaps } = await readChunks(db, job.id);
  return composeTranscript(transcribed, { gaps, durationMs: progress.audioMsTotal, hasAllEnded: false });
}

/** A version of a transcript with all its text. */
export interface OpenedVersion {
  readonly transcript: Transcript;
  /** 0 for the original. */
  readonly version: number;
  /** Without quotes. */
  readonly etag: string;
}

type Stored = TranscriptState & { readonly original: NonNullable<TranscriptState["original"]> };

export function isStored(state: TranscriptState): state is Stored {
  return state.original !== null;
}

/** Read a version; null if no version has that number, or if it was deleted. */
export async function readVersion(
  jobId: string,
  { original, latest }: Stored,
  wanted: WantedVersion,
  { db, media }: Deps,
): Promise<OpenedVersion | null> {
  const version = await chosen(jobId, latest, wanted, db);
  if (version === "none") return null;
  if (version === "original") {
    return { transcript: await readWhole(original.key, media), version: 0, etag: originalEtag(original.etag) };
  }
  const edited = await readWhole(version.key, media);
  // An old version is shown as it was: gaps that a redrive has filled since stay open.
  if (version.originalEtag === original.etag || version !== latest) {
    return { transcript: edited, version: version.version, etag: version.etag };
  }
  const transcript = fillGaps(edited, await readWhole(original.key, media));
  return { transcript, version: version.version, etag: `${version.etag}.${original.etag.slice(0, 8)}` };
}

/** Read the current transcript of a job: the latest version, or the original if it has not been edited. */
export async function readLatest(detail: JobDetail, deps: Deps): Promise<Transcript> {
  const latest = await findVersion(deps.db, detail.job.id, "latest");
  return latest === null ? readTranscript(detail, deps) : readWhole(latest.key, deps.media);
}

export function originalEtag(artifactEtag: string): string {
  return `v0-${artifactEtag}`;
}

async function chosen(
  jobId: string,
  latest: TranscriptVersion | null,
  wanted: WantedVersion,
  db: D1Database,
): Promise<TranscriptVersion | "original" | "none"> {
  if (wanted === "original" || wanted === 0) return "original";
  if (wanted === "edited") return latest ?? "original";
  if (latest?.version === wanted) return latest;
  return (await findVersion(db, jobId, wanted)) ?? "none";
}

async function readWhole(key: string, media: R2Bucket): Promise<Transcript> {
  const object = await media.get(key);
  if (object === null) throw new Error(`there is no object '${key}'`);
  return Transcript.parse(await object.json());
}
