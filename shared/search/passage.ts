import type { JobKind } from "../kinds/index.ts";
import type { D1Rows } from "../jobs/operations.ts";

/** The text of a job that a passage was cut from. */
export const PASSAGE_SOURCES = ["transcript", "prompt", "text", "labels", "caption", "summary"] as const;
export type PassageSource = (typeof PASSAGE_SOURCES)[number];

/** A piece of a job's text, long enough to have a meaning and short enough to have only one. */
export interface Passage {
  /** See `passageId`. */
  readonly id: string;
  readonly source: PassageSource;
  readonly text: string;
  /** The time in the recording; null if the source has no times. */
  readonly startMs: number | null;
  readonly endMs: number | null;
}

export interface EmbeddedPassage extends Passage {
  readonly vector: Float32Array;
}

/** All passages of a job, with their vectors. */
export interface EmbeddedPassages {
  readonly passages: readonly EmbeddedPassage[];
  /** See `spaceOf`. */
  readonly space: string;
}

/** Return the id of a passage, always the same for the same place. It is shorter than the 64 bytes that Vectorize allows. */
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

/** How an edit changes the passages of a transcript. */
export type PassageEdit =
  | { readonly type: "changed"; readonly changed: readonly TimedPassage[]; readonly removedIds: readonly string[] }
  /** All passages, cut again. They have no vectors until the job is embedded again. */
  | { readonly type: "anew"; readonly passages: readonly TimedPassage[] };

/** The job that passages belong to. */
export interface PassageJob {
  readonly id: string;
  readonly ownerId: string;
  readonly kind: JobKind;
  /** The version of the transcript that they were cut from: 0 for the original, and for a job without a transcript. */
  readonly transcriptVersion?: number;
}

/** How a hit was found. */
export type FoundBy = "words" | "meaning";

export interface PassageQuery {
  readonly ownerId: string;
  /** The query as a person typed it. No part of it is syntax. */
  readonly text: string;
  /** The vector of the query and its space; null to search only by words. */
  readonly meaning: { readonly vector: Float32Array; readonly space: string } | null;
  readonly limit: number;
  readonly jobId?: string | undefined;
  readonly kind?: JobKind | undefined;
}

export interface Hit extends Passage {
  readonly jobId: string;
  readonly kind: JobKind;
  /** The words around the match. */
  readonly snippet: string;
  /** The order of hits. Scores can be compared only within one answer. */
  readonly score: number;
  readonly foundBy: readonly FoundBy[];
  /** The cosine between the vectors of query and passage; null if the hit was found only by words. */
  readonly similarity: number | null;
}

/** The place where passages are kept. A search never reads the passages of another owner. */
export interface PassageIndex {
  /**
   * Replace a job's passages, and return what D1 did. Does nothing if the job was deleted.
   * @throws TranscriptChanged if its transcript was edited since they were cut.
   */
  put(job: PassageJob, embedded: EmbeddedPassages): Promise<D1Rows>;
  /** Return the hits, the best first. */
  query(query: PassageQuery): Promise<readonly Hit[]>;
  /** Delete what is kept outside D1 for passages whose rows were deleted with their job. */
  forget(passageIds: readonly string[]): Promise<void>;
}

/** The transcript was edited while its passages were made. Another attempt makes them from the latest version. */
export class TranscriptChanged extends Error {
  override readonly name = "TranscriptChanged";
}

/** Return the space of vectors. Only vectors of one space are compared: the same model, engine and length. */
export function spaceOf(call: { model: string; engine: string }, vectors: readonly Float32Array[]): string {
  return `${call.model} ${call.engine} ${vectors[0]?.length ?? 0}`;
}
