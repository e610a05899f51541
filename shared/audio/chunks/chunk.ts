import { MIN_SAMPLE_RATE } from "./limits.ts";
import type { AudioTrack } from "./audio-track.ts";

/** Twice the highest rate that recorders write. */
const MAX_SAMPLE_RATE = 768_000;

/** A stretch of a recording that one call to a model transcribes. */
export interface ChunkSpan {
  readonly index: number;
  /** The start of the chunk's file, overlap included, in source time. */
  readonly startMs: number;
  readonly endMs: number;
  /** The part of the transcript that comes from this chunk. Together with the plan's gaps these parts tile 0..durationMs. */
  readonly ownStartMs: number;
  readonly ownEndMs: number;
}

/** How to cut a chunk. Plain JSON: it is stored with its task. */
export interface ChunkPlan<E extends Extra = Extra> extends ChunkSpan {
  /** Where the audio is, for containers that have no index to ask. */
  readonly bytes?: ByteRange;
  readonly extra: E;
  /** The number of channels that are transcribed separately; left out, they are mixed to one. */
  readonly channels?: number;
  /** The channel that is cut. */
  readonly channel?: number;
  /** The file that it is cut from, if the source is several files laid end to end. `bytes` counts from its start. */
  readonly part?: Part;
}

/** What a container's own code needs to cut a chunk: `type` is the container's name, `v` the version of the other fields. */
export interface Extra {
  readonly type: string;
  readonly v: number;
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

export interface ChunkFile {
  readonly bytes: Uint8Array;
  readonly contentType: string;
  /** Source time of the file's first sample. */
  readonly startMs: number;
  /** The duration of the sound in it, which is transcribed and paid for. */
  readonly durationMs: number;
  /** The pauses in the recording, in order. The file leaves them out. */
  readonly pauses?: readonly Pause[];
  /** The parts that are missing from the file because the source is damaged there. */
  readonly missing?: readonly Missing[];
  /** The parts with almost no sound, in source time. A model's words for them are doubtful. */
  readonly quiet?: readonly Times[];
}

/** From one source time to another. */
export interface Times {
  readonly startMs: number;
  readonly endMs: number;
}

/** A part of a file in which something could not be read. */
export interface Lost extends Times {
  /** Set if packets of silence replace what is missing. Otherwise nothing does. */
  readonly isFilled?: true;
}

/** A part of the recording that the file claims to have and does not have. */
export interface Missing extends Times {
  /** `cut_off` if the file ends too early, `damaged` if its bytes cannot be read. */
  readonly reason: "cut_off" | "damaged";
}

export interface Pause {
  /** In the file's own time. */
  readonly atMs: number;
  readonly lengthMs: number;
}

export type AudioPlan<E extends Extra = Extra> =
  | {
      readonly type: "chunks";
      /** The container of the file, or of the first of several that were laid end to end. */
      readonly container: E["type"];
      readonly codec: string;
      readonly durationMs: number;
      readonly chunks: readonly ChunkPlan<E>[];
      /** The parts that no chunk covers, because the file ends before the end in its headers. */
      readonly gaps?: readonly Missing[];
      /** The audio tracks, if the container can have several. */
      readonly tracks?: readonly AudioTrack[];
      /** Which of them is cut. */
      readonly track?: number;
      /** The number of channels, if the file has plain samples. The channels of a codec cannot be separated here. */
      readonly pcmChannels?: number;
    }
  | Refusal;

export interface Refusal {
  readonly type: "refused";
  readonly code: RefusalCode;
  /** For the person who sent the file. */
  readonly message: string;
}

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
  | "sampling_rate_too_low"
  /** The job asks for a track that the file does not have. */
  | "track_missing"
  /** Channels cannot be separated without decoding. */
  | "channels_not_separable";

export function refuse(code: RefusalCode, message: string): Refusal {
  return { type: "refused", code, message };
}

/** Return why a recording with this sampling rate is refused; null if it is not. */
export function refuseRate(sampleRate: number): Refusal | null {
  const claim = `The file says that it has ${sampleRate.toLocaleString("en")} samples a second`;
  if (sampleRate >= MIN_SAMPLE_RATE && sampleRate <= MAX_SAMPLE_RATE) return null;
  if (sampleRate > 0 && sampleRate < MIN_SAMPLE_RATE) {
    return refuse(
      "sampling_rate_too_low",
      `${claim}. Speech needs at least ${MIN_SAMPLE_RATE.toLocaleString("en")}. Correct the header, or record at 8,000 or more.`,
    );
  }
  return refuse("damaged", `${claim}, which is not possible. Correct the header, or record again.`);
}

/** The file cannot be cut as planned: its bytes are not what its headers say. The message is a sentence for its sender. */
export class DamagedSource extends Error {
  override readonly name = "DamagedSource";
}

/** The file has no sound here: the microphone was muted, or only the picture continues. There is nothing to transcribe. */
export class SilentStretch extends Error {
  override readonly name = "SilentStretch";
}
