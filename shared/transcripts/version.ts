/** A version of a transcript. Version 0 is the original, which is an artifact. */
export interface TranscriptVersion {
  readonly version: number;
  /** The key of the whole transcript in the bucket. */
  readonly key: string;
  /** The ETag by which clients name the version, without quotes. */
  readonly etag: string;
  /** The ETag of the original artifact that the version is based on, as R2 gave it. */
  readonly originalEtag: string;
  /** A hash of the edited version and the requested operations. */
  readonly requestHash: string;
  /** The API key that made it. */
  readonly keyId: string | null;
  readonly operations: number;
  /** The version that this one restores; null for an edit. */
  readonly revertedTo: number | null;
  /** Epoch milliseconds. */
  readonly createdAt: number;
}

/** Older versions are deleted when a new one is stored: a transcript of six hours has about 4 MB. */
export const KEPT_VERSIONS = 100;

/** A version by its name or number. */
export type WantedVersion = "original" | "edited" | number;
