import type { Transcript } from "../transcripts/transcript.ts";
import { CAPTION_PRESETS, CaptionOptions, type CaptionPreset } from "./options.ts";

/** The caption options of a request: a preset, and single options that override it. */
export interface AskedCaptions {
  readonly preset?: CaptionPreset | undefined;
  readonly options?: Partial<CaptionOptions> | undefined;
}

/** Line length and reading speed, in columns. */
type Figures = Pick<CaptionOptions, "maxLineLength" | "maxCharsPerSecond">;

/**
 * Netflix's figures for languages that differ from English. Characters a line are those of each language's Timed Text Style Guide
 * (partnerhelp.netflixstudios.com, read 2026-11-29): 13 full-width characters in Japanese, 16 in Chinese and Korean (Korean counts
 * Latin letters, spaces and punctuation as half), 35 in Thai, 42 in Arabic and Hindi. Characters a second are those of SDH for
 * adults, because captions in the spoken language are SDH: Japanese 7, Chinese 11, Korean 14, Arabic 23, Hindi 25, others 20. The
 * speeds are taken from Subtitle Edit's check (src/libse/NetflixQualityCheck/NetflixQualityController.cs, read 2026-11-29).
 */
const NETFLIX = {
  ja: { maxLineLength: 26, maxCharsPerSecond: 14 },
  zh: { maxLineLength: 32, maxCharsPerSecond: 22 },
  ko: { maxLineLength: 32, maxCharsPerSecond: 28 },
  th: { maxLineLength: 35, maxCharsPerSecond: 20 },
  ar: { maxLineLength: 42, maxCharsPerSecond: 23 },
  hi: { maxLineLength: 42, maxCharsPerSecond: 25 },
} as const satisfies Record<string, Figures>;

type Written = keyof typeof NETFLIX;

/** Return the options of a preset, by default `netflix`, for the language that a transcript is written in. */
export function captionOptionsFor(
  transcript: Transcript,
  { preset = "netflix", options }: AskedCaptions,
): CaptionOptions {
  const written = writtenIn(transcript);
  const figures = written === null ? undefined : figuresOf(preset, NETFLIX[written]);
  return CaptionOptions.parse({ ...CAPTION_PRESETS[preset], ...figures, ...options });
}

/**
 * The BBC publishes figures for English only (Subtitle Guidelines 1.2). For other languages we take the shorter of the two lines,
 * and Netflix's speed times the ratio of the two speeds in English.
 */
function figuresOf(preset: CaptionPreset, figures: Figures): Figures {
  if (preset === "netflix") return figures;
  const { maxLineLength, maxCharsPerSecond } = CAPTION_PRESETS[preset];
  return {
    maxLineLength: Math.min(maxLineLength, figures.maxLineLength),
    maxCharsPerSecond: (figures.maxCharsPerSecond * maxCharsPerSecond) / CAPTION_PRESETS.netflix.maxCharsPerSecond,
  };
}

/** The number of letters that is enough to see what a transcript is written in. */
const LETTERS_READ = 2000;

/**
 * Return the language that a transcript is written in, or null if it has no figures of its own. The letters decide, because a
 * translation is not written in the spoken language, and some models do not name a language.
 */
export function writtenIn({ language, segments }: Pick<Transcript, "language" | "segments">): Written | null {
  let letters = "";
  for (const { text } of segments) {
    letters += text.replaceAll(/\P{L}+/gu, "");
    if (letters.length > LETTERS_READ) break;
  }
  const isMostly = (script: RegExp) => (letters.match(script)?.length ?? 0) * 2 > letters.length;
  if (isMostly(/[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}ー]/gu)) {
    const isJapanese =
      language === "ja" || (language !== "zh" && /[\p{Script=Hiragana}\p{Script=Katakana}]/u.test(letters));
    return isJapanese ? "ja" : "zh";
  }
  if (isMostly(/\p{Script=Hangul}/gu)) return "ko";
  if (isMostly(/\p{Script=Thai}/gu)) return "th";
  // Other languages use these scripts too, and their guides have other figures or do not exist.
  const isOr = (own: Written) => language === null || language === own;
  if (isMostly(/\p{Script=Arabic}/gu)) return isOr("ar") ? "ar" : null;
  if (isMostly(/\p{Script=Devanagari}/gu)) return isOr("hi") ? "hi" : null;
  return null;
}
