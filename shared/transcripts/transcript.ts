import * as z from "zod";

const ms = z.int().min(0);

/** A channel of the recording, from 0. Known if each channel was transcribed separately. */
const channel = z.int().min(0).exactOptional();

// These are read leniently: a later version may have stored more fields, and this one reads its transcripts after a rollback.

export const Word = z.object({ startMs: ms, endMs: ms, text: z.string(), channel });
export type Word = z.infer<typeof Word>;

/**
 * A timed piece of a transcript. `words` is empty if the model gave no word times. `speaker` is set if a person has named the speaker.
 * `language` is set if it differs from the language of the transcript.
 */
export const Segment = z.object({
  startMs: ms,
  endMs: ms,
  text: z.string(),
  words: z.array(Word),
  speaker: z.string().exactOptional(),
  channel,
  language: z.string().exactOptional(),
});
export type Segment = z.infer<typeof Segment>;

/** A stretch of the source that a person should check, and why. */
export const Stretch = z.object({ startMs: ms, endMs: ms, reason: z.string() });
export type Stretch = z.infer<typeof Stretch>;

/** A track of sound in the recording's file. A field that the file does not give is null. */
export const Track = z.object({
  codec: z.string(),
  language: z.string().nullable(),
  title: z.string().nullable(),
  channels: z.int().nullable(),
});

/** `transcript.json`, in the same shape for every model. Times are those of the source. */
export const Transcript = z.object({
  model: z.string().nullable(),
  engine: z.string().nullable(),
  language: z.string().nullable(),
  durationMs: ms.nullable(),
  text: z.string(),
  segments: z.array(Segment),
  /** False while chunks are being transcribed, and if `gaps` remain. */
  isComplete: z.boolean(),
  /** Parts that could not be transcribed. */
  gaps: z.array(Stretch),
  /** Parts the model looped on, invented, or was unsure of, also when asked again. */
  lowConfidence: z.array(Stretch),
  /** The tracks of sound of a file that can have several, and the place of the one that was transcribed. */
  tracks: z.array(Track).exactOptional(),
  track: z.int().exactOptional(),
});
export type Transcript = z.infer<typeof Transcript>;
