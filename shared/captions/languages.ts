import type { Transcript } from "../transcripts/transcript.ts";
import { CAPTION_PRESETS, CaptionOptions, type CaptionPreset } from "./options.ts";

/** What a client asks of captions: a preset, and single options that override it. */
export interface AskedCaptions {
  readonly preset?: CaptionPreset | undefined;
  readonly options?: Partial<CaptionOptions> | undefined;
}

/** How long a line is and how fast it is read, in columns. */
type Figures = Pick<CaptionOptions, "maxLineLength" | "maxCharsPerSecond">;

/**
 * Netflix's figures for languages that differ from English, by the Timed Text Style Guide of each (partnerhelp.netflixstudios.com):
 * 13 full-width characters a line in Japanese, 16 in Chinese and in Korean (where Latin letters, spaces and marks count half, as
 * a column does), 35 in Thai, 42 in Arabic and Hindi. Characters a second are those of SDH for adults, as captions in the language
 * that is spoken are: Japanese 7, Chinese 11, Korean 14, Arabic 23, Hindi 25, others 20. Read 2026-11-29; the speeds as Subtitle
 * Edit's own check has them (src/libse/NetflixQualityCheck/NetflixQualityController.cs, read on the same day).
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

/** The options of a preset (`netflix` if none is asked for) for the language that a transcript is written in. */
export function captionOptionsFor(
  transcript: Transcript,
  { preset = "netflix", options }: AskedCaptions,
): CaptionOptions {
  const written = writtenIn(transcript);
  const figures = written === null ? undefined : figuresOf(preset, NETFLIX[written]);
  return CaptionOptions.parse({ ...CAPTION_PRESETS[preset], ...figures, ...options });
}

/**
 * The BBC has figures for English alone (Subtitle Guidelines 1.2). Its lines are then Netflix's where those are shorter, read slower
 * than Netflix's in the proportion that they are in English.
 */
function figuresOf(preset: CaptionPreset, figures: Figures): Figures {
  if (preset === "netflix") return figures;
  const { maxLineLength, maxCharsPerSecond } = CAPTION_PRESETS[preset];
  return {
    maxLineLength: Math.min(maxLineLength, figures.maxLineLength),
    maxCharsPerSecond: (figures.maxCharsPerSecond * maxCharsPerSecond) / CAPTION_PRESETS.netflix.maxCharsPerSecond,
  };
}

/** So many letters tell what a transcript is written in. */
const LETTERS_READ = 2000;

/**
 * By its letters: a translation is written in another language than the one that the model heard, and some models do not say what
 * they heard. Null for a language without figures of its own.
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
  // Other languages are written in these scripts too, of which the guides say something else, or nothing.
  const isOr = (own: Written) => language === null || language === own;
  if (isMostly(/\p{Script=Arabic}/gu)) return isOr("ar") ? "ar" : null;
  if (isMostly(/\p{Script=Devanagari}/gu)) return isOr("hi") ? "hi" : null;
  return null;
}
