import type { JobKind } from "../kinds/index.ts";
import type { D1Rows } from "../jobs/operations.ts";

/** What of a job a passage was cut from. */
export const PASSAGE_SOURCES = ["transcript", "prompt", "text", "labels", "caption", "summary"] as const;
export type PassageSource = (typeof PASSAGE_SOURCES)[number];

/** A piece of what a job says, long enough to have a meaning and short enough to have one only. */
export interface Passage {
  /** See `passageId`. */
  readonly id: string;
  readonly source: PassageSource;
  readonly text: string;
  /** Of a recording; null where the source has no times. */
  readonly startMs: number | null;
  readonly endMs: number | null;
}

export interface EmbeddedPassage extends Passage {
  readonly vector: Float32Array;
}

/** All that is found in a job. */
export interface EmbeddedPassages {
  readonly passages: readonly EmbeddedPassage[];
  /** See `spaceOf`. */
  readonly space: string;
}

/** The same passage of the same job each time. Below the 64 bytes that Vectorize allows: a job's id has 36. */
export function passageId(jobId: string, source: PassageSource, index: number): string {
  return `${jobId}:${source}:${index}`;
}

/** A passage of a transcript, as it is stored. */
export interface TimedPassage {
  readonly id: string;
  readonly text: string;
  readonly startMs: number;
  readonly endMs: number;
}

/** What an edit makes of the passages of a transcript. */
export type PassageEdit =
  | { readonly type: "changed"; readonly changed: readonly TimedPassage[]; readonly removedIds: readonly string[] }
  /** All of them, cut anew. They have no vectors until the job is embedded again. */
  | { readonly type: "anew"; readonly passages: readonly TimedPassage[] };

/** Whose passages these are. */
export interface PassageJob {
  readonly id: string;
  readonly ownerId: string;
  readonly kind: JobKind;
  /** The version of its transcript that they were cut from: 0 for the original, and for a job without one. */
  readonly transcriptVersion?: number;
}

/** What found a hit. */
export type FoundBy = "words" | "meaning";

export interface PassageQuery {
  readonly ownerId: string;
  /** As it was typed: no part of it is syntax. */
  readonly text: string;
  /** What it means, and in which space; null to search by words alone. */
  readonly meaning: { readonly vector: Float32Array; readonly space: string } | null;
  readonly limit: number;
  readonly jobId?: string | undefined;
  readonly kind?: JobKind | undefined;
}

export interface Hit extends Passage {
  readonly jobId: string;
  readonly kind: JobKind;
  /** The words around what was looked for. */
  readonly snippet: string;
  /** By which hits are ordered; comparable within one answer only. */
  readonly score: number;
  readonly foundBy: readonly FoundBy[];
  /** The cosine of the two meanings; null where meaning did not find it. */
  readonly similarity: number | null;
}

/** Where passages are kept. What one owner searches never touches what another has. */
export interface PassageIndex {
  /**
   * Give a job these passages instead of those it had, and tell what D1 did. Does nothing for a job that is gone.
   * @throws TranscriptChanged if its transcript was edited since they were cut.
   */
  put(job: PassageJob, embedded: EmbeddedPassages): Promise<D1Rows>;
  /** Best first. */
  query(query: PassageQuery): Promise<readonly Hit[]>;
  /** Delete what is kept outside D1 of passages (ids) whose rows went with their job. */
  forget(passageIds: readonly string[]): Promise<void>;
}

/** The transcript was edited while its passages were made. Another attempt makes them of the latest version. */
export class TranscriptChanged extends Error {
  override readonly name = "TranscriptChanged";
}

/** Vectors are compared within a space alone: another model, engine or length means another one. */
export function spaceOf(call: { model: string; engine: string }, vectors: readonly Float32Array[]): string {
  return `${call.model} ${call.engine} ${vectors[0]?.length ?? 0}`;
}
