/** A slice of a recording. Plain JSON: it is stored with its task. */
export interface ChunkPlan {
  readonly index: number;
  /** The audio the chunk's file holds, overlap included, in source time. */
  readonly startMs: number;
  readonly endMs: number;
  /** The part it answers for: own parts tile 0..durationMs without a gap. */
  readonly ownStartMs: number;
  readonly ownEndMs: number;
  /** Where the audio is, for containers that have no index to ask. */
  readonly bytes?: ByteRange;
  /** What the container's own code needs to cut here. */
  readonly extra?: Json;
  /** The file it is cut from, where the source is several laid end to end; `bytes` count from its start. */
  readonly part?: Part;
}

export interface Part {
  readonly start: number;
  readonly end: number;
  /** Source time of its beginning. */
  readonly atMs: number;
}

export interface ByteRange {
  readonly offset: number;
  readonly length: number;
}

export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };

export interface ChunkFile {
  readonly bytes: Uint8Array;
  readonly contentType: string;
  /** Source time of the file's first sample. */
  readonly startMs: number;
  /** Of the sound in it: what is heard, and paid for. */
  readonly durationMs: number;
  /** Where the recording goes on without sound, in order; the file leaves them out. */
  readonly pauses?: readonly Pause[];
}

export interface Pause {
  /** In the file's own time. */
  readonly atMs: number;
  readonly lengthMs: number;
}

export type AudioPlan =
  | {
      readonly type: "chunks";
      readonly container: ContainerName;
      readonly codec: string;
      readonly durationMs: number;
      readonly chunks: readonly ChunkPlan[];
      /** As it is, a model would hear something else: what was trimmed away, or what follows a pause too early. */
      readonly mustCut?: boolean;
    }
  /** Short and small enough to be sent as it is. */
  | { readonly type: "whole"; readonly durationMs: number }
  | Refusal;

export interface Refusal {
  readonly type: "refused";
  readonly code: RefusalCode;
  /** In words for the person who sent the file. */
  readonly message: string;
}

export type ContainerName = "wav" | "mp3" | "adts" | "flac" | "mp4" | "fmp4" | "ogg" | "matroska" | "mpegts";

export type RefusalCode =
  | "no_audio_track"
  | "unsupported_codec"
  | "unsupported_container"
  | "encrypted"
  | "index_too_large"
  | "damaged"
  | "empty"
  /** The file asks for more work, or for more calls to a model, than its size allows. */
  | "too_complex"
  | "too_many_calls"
  | "sampling_rate_too_low";

export function refuse(code: RefusalCode, message: string): Refusal {
  return { type: "refused", code, message };
}

/** The file cannot be cut as planned: its bytes are not what its headers say. */
export class DamagedSource extends Error {
  override readonly name = "DamagedSource";
}

/** The file goes on here, without sound: a muted microphone, or a picture that outlasts it. There is nothing to hear. */
export class SilentStretch extends Error {
  override readonly name = "SilentStretch";
}
