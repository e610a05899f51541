/** A track of sound, as a recording's job names it. */
export interface AudioTrack {
  /** The codec's name; as the file writes it, where it is not read here. */
  readonly codec: string;
  /** ISO 639 or BCP 47, as the file has it; null where it says nothing. */
  readonly language: string | null;
  readonly title: string | null;
  /** Null where only decoding would tell. */
  readonly channels: number | null;
}

/** The tracks of sound in a recording's file, and the place of the one that is transcribed. */
export interface RecordingTracks {
  readonly tracks: readonly AudioTrack[];
  readonly track: number;
}

/** A track by its place among the tracks of sound, from 0, or by its language. */
export type TrackChoice = number | string;
