/** A transcript as somebody has left it. 0 is the original, which is an artifact. */
export interface TranscriptVersion {
  readonly version: number;
  /** Of the whole transcript in the bucket. */
  readonly key: string;
  /** By which clients name the version, without quotes. */
  readonly etag: string;
  /** Of the original that it goes back to: the artifact's, as R2 gave it. */
  readonly originalEtag: string;
  /** Of the version that was edited and what was asked of it. */
  readonly requestHash: string;
  /** The API key that made it. */
  readonly keyId: string | null;
  readonly operations: number;
  /** The version that it is like again; null for an edit. */
  readonly revertedTo: number | null;
  /** Epoch milliseconds. */
  readonly createdAt: number;
}

/** Older ones are forgotten when a new one is stored: a transcript of six hours has some 4 MB. */
export const KEPT_VERSIONS = 100;

/** Asked for by name, or by its number. */
export type WantedVersion = "original" | "edited" | number;
