/** Longest audio one call to the model gets. Undocumented: users report refusals (3006) from about 70 s on. */
export const CHUNK_MS = 60_000;

/** Largest file one call to the model gets, before base64. Undocumented: users report refusals near 2.9 MB. */
export const CHUNK_MAX_BYTES = 2_500_000;

/**
 * The same where the file travels as an array of numbers: a byte takes 3.57 characters ("0," to "255,"), where base64 takes
 * 1.33, and it is the request that is refused.
 */
export const ARRAY_CHUNK_MAX_BYTES = 930_000;

/** Of the largest file, planned by the average bitrate: a loud minute of a VBR file must still fit. */
export const PLANNED_SHARE = 0.85;

/** Shorter gives the model too little to go by. Only studio sound (FLAC of 24 bits at 192 kHz) fills a chunk so soon. */
export const CHUNK_MIN_MS = 4_000;

/** Audio two neighbours share when the cut may fall inside a word; also lets the decoder warm up (up to 140 ms). */
export const OVERLAP_MS = 5_000;

/** The same where the cut falls in a quiet place. */
export const QUIET_OVERLAP_MS = 2_000;

/**
 * How far before the latest possible cut a quiet place is looked for. Where the search has to read the audio, these
 * seconds are read twice: 8 of 50 keep a file's reads under 1.3 times its size.
 */
export const QUIET_SEARCH_MS = 8_000;

/** A quiet place is this long; a pause between sentences. */
export const QUIET_WINDOW_MS = 300;

/** A window is quiet when it holds less than this part of the median window's bytes (or amplitude). */
export const QUIET_RATIO = 0.5;

/** A chunk is not halved below this: a model that refuses ten seconds refuses something else. */
export const SPLIT_MIN_MS = 10_000;

/**
 * Longest recording. A header that says more is a damaged one, far more often than not, and planning its chunks would
 * take the isolate's memory: a week is 11,000 of them.
 */
export const MAX_DURATION_MS = 7 * 24 * 3_600_000;

/** The audio track's index (MP4) or the headers that must be in memory while planning. An isolate has 128 MB. */
export const MAX_INDEX_BYTES = 24 * 1024 * 1024;

/** What a walk over a whole file holds of it. */
export const WALK_BYTES = 1024 * 1024;

/** One read of a stretch of interleaved video, held in memory whole. */
export const READ_BYTES = 4 * 1024 * 1024;

/** What planning reads first: enough to know the container, and most headers whole. */
export const HEAD_BYTES = 64 * 1024;

/** A file no larger is planned from memory: one read is sooner there than the ten that look for places. */
export const SMALL_BYTES = 1024 * 1024;

/** Reads of one chunk: a subrequest each, and tens of milliseconds. */
export const CHUNK_MAX_READS = 12;

/** Telephone sound has twice as many samples a second. With fewer, a small file would last hours and take hundreds of calls. */
export const MIN_SAMPLE_RATE = 4_000;

/** What the model resamples everything to; more than that is only bytes to send. */
export const MODEL_SAMPLE_RATE = 16_000;

/** What cutting one chunk holds at most: a stretch of interleaved video, the packets taken from it, and the file. */
export const CUT_HELD_BYTES = 2 * READ_BYTES + 4 * CHUNK_MAX_BYTES;

/** Three cuts of a batch at once, also of high-bitrate video, beside the chunks that are being heard. */
export const CUTS_HELD_BYTES = 3 * CUT_HELD_BYTES;
