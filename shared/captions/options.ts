import * as z from "zod";

/**
 * How captions are laid out. Lengths are in columns: a full-width character or an emoji has two, a combining mark has none, and any
 * other character or a space has one.
 */
export const CaptionOptions = z
  .strictObject({
    maxLineLength: z.int().min(8).max(200).default(42),
    maxLines: z.int().min(1).max(6).default(2),
    minDurationMs: z.int().min(0).max(10_000).default(834),
    maxDurationMs: z.int().min(500).max(60_000).default(7000),
    /** The reading speed, in columns a second. If there is room, a cue stays until it can be read at this speed. */
    maxCharsPerSecond: z.number().min(1).max(200).default(20),
    minGapMs: z.int().min(0).max(1000).default(84),
  })
  .refine(({ minDurationMs, maxDurationMs }) => minDurationMs <= maxDurationMs, {
    path: ["minDurationMs"],
    message: "must not be more than maxDurationMs",
  });
export type CaptionOptions = z.infer<typeof CaptionOptions>;

/** The figures for English, and for every language that `languages.ts` does not name. */
export const CAPTION_PRESETS = {
  // Netflix Timed Text Style Guide: two lines of 42, 5/6 s to 7 s, 20 characters a second for adults (English, USA);
  // two frames between cues, at 24 a second.
  netflix: {
    maxLineLength: 42,
    maxLines: 2,
    minDurationMs: 834,
    maxDurationMs: 7000,
    maxCharsPerSecond: 20,
    minGapMs: 84,
  },
  // BBC Subtitle Guidelines: two lines of 37 (broadcast), 160 to 180 words a minute, which is 15 characters a second
  // in English at the upper end; about 0.3 s a word, so 1.2 s for four; no gap is better than one under a second.
  // The BBC sets no longest duration, so Netflix's applies.
  bbc: {
    maxLineLength: 37,
    maxLines: 2,
    minDurationMs: 1200,
    maxDurationMs: 7000,
    maxCharsPerSecond: 15,
    minGapMs: 0,
  },
} as const satisfies Record<string, CaptionOptions>;
export type CaptionPreset = keyof typeof CAPTION_PRESETS;
