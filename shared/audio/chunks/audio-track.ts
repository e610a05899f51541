/** A track of sound, as a recording's job names it. */
export interface AudioTrack {
  /** The codec's name; as the file writes it, if the codec is not supported. */
  readonly codec: string;
  /** ISO 639 or BCP 47, as the file has it; null if the file does not say. */
  readonly language: string | null;
  readonly title: string | null;
  /** Null if only decoding would show it. */
  readonly channels: number | null;
}

/** The tracks of sound in a recording's file, and the place of the one that is transcribed. */
export interface RecordingTracks {
  readonly tracks: readonly AudioTrack[];
  readonly track: number;
}

/** A track by its place among the tracks of sound, from 0, or by its language. */
export type TrackChoice = number | string;
