import type { TrackChoice } from "./audio-track.ts";
import { DAY_MS } from "../../durations.ts";
import { SPEECH_MODELS, type SpeechModel, type Tier } from "../../models/models.ts";

/** The longest audio for one call to the model. The limit is undocumented: users report refusals (3006) from about 70 s. */
export const CHUNK_MS = 60_000;

/** The largest file for one call to the model, before base64. The limit is undocumented: users report refusals near 2.9 MB. */
export const CHUNK_MAX_BYTES = 2_500_000;

/**
 * The same limit for a file that is sent as an array of numbers. A byte then takes 3.57 characters ("0," to "255,") instead of 1.33 in
 * base64, and the model limits the size of the request.
 */
export const ARRAY_CHUNK_MAX_BYTES = 930_000;

/** The limits of one call to a model. */
export interface CallLimits {
  readonly maxMs: number;
  /** The size of the file, before it is encoded for the request. */
  readonly maxBytes: number;
}

/** Each channel needs its own call. Call centres record two speakers, conferences a few more. */
export const MAX_SEPARATE_CHANNELS = 16;

/** The input of a plan: the limits of a call, and the requested track and channels. */
export interface Wanted extends CallLimits {
  /** The track of sound; left out, the rule of `chooseTrack` decides. */
  readonly audioTrack?: TrackChoice | undefined;
  /** Whether each channel is transcribed separately; left out, all are mixed to one. */
  readonly channels?: "mix" | "separate" | undefined;
}

const LIMITS: Readonly<Record<SpeechModel["audio"], CallLimits>> = {
  base64: { maxMs: CHUNK_MS, maxBytes: CHUNK_MAX_BYTES },
  array: { maxMs: CHUNK_MS, maxBytes: ARRAY_CHUNK_MAX_BYTES },
};

export function callLimits(tier: Tier): CallLimits {
  return LIMITS[SPEECH_MODELS[tier].audio];
}

/** The share of the largest file that a plan fills, by the average bitrate. A loud minute of a VBR file must still fit. */
export const PLANNED_SHARE = 0.85;

/** A shorter chunk gives the model too little context. Only studio sound (FLAC, 24 bits, 192 kHz) fills a chunk this fast. */
export const CHUNK_MIN_MS = 4_000;

/** The audio that two neighbours share if the cut may fall inside a word. It also lets the decoder warm up (up to 140 ms). */
export const OVERLAP_MS = 5_000;

/** The same if the cut is in a quiet place. The later chunk then begins in that place, and the earlier one has the rest of the overlap. */
export const QUIET_OVERLAP_MS = 2_000;

/**
 * How far before the latest possible cut the search for a quiet place begins. If the search has to read the audio,
 * these seconds are read twice: with 8 of 50 s, all reads of a file stay under 1.3 times its size.
 */
export const QUIET_SEARCH_MS = 8_000;

/** The length of a quiet place: a pause between sentences. */
export const QUIET_WINDOW_MS = 300;

/** A window is quiet when it holds less than this part of the median window's bytes (or amplitude). */
export const QUIET_RATIO = 0.5;

/** Or less than this part of what only a tenth of the windows exceed: 20 dB. A person who speaks far from the microphone is louder. */
export const QUIET_LOUD_RATIO = 0.1;

/** Windows are equally quiet if they differ by less than this part of what is still quiet: noise varies, and silence may be dithered. */
export const EQUALLY_QUIET = 0.1;

/** A chunk is not halved below this: a model that refuses ten seconds refuses something else. */
export const SPLIT_MIN_MS = 10_000;

/**
 * The longest recording. A header with a longer duration is almost always damaged, and the chunks would not fit in an isolate's
 * memory: a week has 11,000 chunks.
 */
export const MAX_DURATION_MS = 7 * DAY_MS;

/** The audio track's index (MP4) or the headers that must be in memory while planning. An isolate has 128 MB. */
export const MAX_INDEX_BYTES = 24 * 1024 * 1024;

/** The bytes that a walk over a whole file holds at a time. */
export const WALK_BYTES = 1024 * 1024;

/** One read of a stretch of interleaved video. All of it is in memory. */
export const READ_BYTES = 4 * 1024 * 1024;

/** The bytes that planning reads first: enough to recognise the container, and for most complete headers. */
export const HEAD_BYTES = 64 * 1024;

/** A file up to this size is read completely and planned from memory: one read is faster than the ten reads of a search. */
export const SMALL_BYTES = 1024 * 1024;

/** Reads of one chunk: a subrequest each, and tens of milliseconds. */
export const CHUNK_MAX_READS = 12;

/** Half of a telephone's rate. With a lower one a small file would last hours and take hundreds of calls. */
export const MIN_SAMPLE_RATE = 4_000;

/** The model resamples all sound to this rate, so a higher one would only make requests larger. */
export const MODEL_SAMPLE_RATE = 16_000;

/** The most memory that cutting a chunk takes: a stretch of interleaved video, the packets taken from it, and the file. */
export const CUT_HELD_BYTES = 2 * READ_BYTES + 4 * CHUNK_MAX_BYTES;

/** The memory of three cuts at once, even of high-bitrate video, in addition to the chunks that are being transcribed. */
export const CUTS_HELD_BYTES = 3 * CUT_HELD_BYTES;
