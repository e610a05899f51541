// Properties of captions for any words and any options.
import { CAPTION_PRESETS, CaptionOptions, type Cue } from "../shared/captions/layout.ts";
import { widthOf } from "../shared/captions/width.ts";
import type { Segment, Word } from "../shared/transcripts/transcript.ts";
import { pick, segmentOf, whole } from "./scripted-speaker.ts";

/** Return the limits that a cue breaks. */
export function brokenLimits(cue: Cue, next: Cue | undefined, options: CaptionOptions): readonly string[] {
  const durationMs = cue.endMs - cue.startMs;
  const readingMs = (widthOf(cue.lines.join(" ")) * 1000) / options.maxCharsPerSecond;
  const wantedMs = Math.min(options.maxDurationMs, Math.max(options.minDurationMs, readingMs));
  const roomMs = next === undefined ? Infinity : next.startMs - options.minGapMs - cue.startMs;
  const limits = {
    maxLines: cue.lines.length >= 1 && cue.lines.length <= options.maxLines,
    maxLineLength: cue.lines.every((line) => widthOf(line) <= options.maxLineLength),
    maxDuration: durationMs > 0 && durationMs <= options.maxDurationMs,
    minGap: durationMs <= roomMs,
    minDuration: durationMs >= Math.min(wantedMs, roomMs),
  };
  return Object.entries(limits).flatMap(([limit, isKept]) => (isKept ? [] : [`${limit} ${JSON.stringify(cue)}`]));
}

export function unspaced(text: string): string {
  return text.replaceAll(/\s+/g, "");
}

export function someOptions(random: () => number): CaptionOptions {
  if (random() < 0.3) return pick(Object.values(CAPTION_PRESETS), random);
  const minDurationMs = whole(random, 0, 2000);
  return CaptionOptions.parse({
    maxLineLength: whole(random, 8, 60),
    maxLines: whole(random, 1, 4),
    minDurationMs,
    maxDurationMs: Math.max(500, minDurationMs) + whole(random, 0, 6000),
    maxCharsPerSecond: whole(random, 5, 40),
    minGapMs: whole(random, 0, 300),
  });
}

/** How a script is written: its words, the marks that follow them, and whether spaces separate them. */
interface Script {
  readonly words: readonly string[];
  readonly marks: readonly string[];
  readonly isSpaced: boolean;
}

const LATIN_MARKS = [".", ",", "?", "!", "…", ";"];
const script = (words: string, marks: readonly string[], isSpaced: boolean): Script => ({
  words: words.split(" "),
  marks,
  isSpaced,
});

/** Twelve scripts, and the things that people mix into all of them: pictures, numbers and names. */
export const SCRIPTS = {
  latin: script(
    "a I the and of river harbour everyone nevertheless understanding internationalisation it's don't 20 O'Brien café 👩‍👩‍👧‍👦 🇩🇪",
    LATIN_MARKS,
    true,
  ),
  cyrillic: script("я мы сегодня говорим о бюджете погода хорошая ёлка объём 3,5", LATIN_MARKS, true),
  greek: script("σήμερα ο καιρός είναι καλός και μιλάμε για τον προϋπολογισμό", [".", ",", "·", "\u037E"], true),
  hebrew: script("שלום היום אנחנו מדברים על התקציב של iPhone 15 צה״ל", LATIN_MARKS, true),
  arabic: script("مرحبا اليوم نتحدث عن الميزانية مُحَمَّد والطقس جميل YouTube", [".", "،", "؟", "؛"], true),
  devanagari: script("आज हम बजट के बारे में बात करेंगे मौसम अच्छा है क्षत्रिय", ["।", ",", "?"], true),
  hangul: script("오늘 우리는 예산을 이야기합니다 날씨가 좋네요 그런데 AI는", [".", ",", "?"], true),
  thai: script("วันนี้ อากาศ ดีมาก เรา ประชุม งบประมาณ ประเทศไทย น้ำ ผู้ใหญ่ เร็วๆ", ["", "?"], false),
  lao: script("ມື້ນີ້ ອາກາດ ດີ ຫຼາຍ ພວກເຮົາ ປະຊຸມ ງົບປະມານ", ["", "?"], false),
  khmer: script("ថ្ងៃនេះ អាកាសធាតុ ល្អ ណាស់ យើង ប្រជុំ ថវិកា", ["។", "៖", "ៗ"], false),
  burmese: script("ဒီနေ့ ရာသီဥတု အရမ်း ကောင်းတယ် ကျွန်တော်တို့ ဘတ်ဂျက်", ["။", "၊"], false),
  chinese: script(
    "我们 今天 讨论 预算 和 天气 非常 好 北京 大学 手机 2026年 GPU 的",
    ["。", "，", "？", "！", "》", "……"],
    false,
  ),
  japanese: script(
    "今日 は 天気 が いい ですね ちょっと スーパー コーヒー を 買って キャッシュ 東京 晴れ 人々 AI 明後日",
    ["。", "、", "？", "」", "ー", "…"],
    false,
  ),
} as const satisfies Record<string, Script>;

type ScriptName = keyof typeof SCRIPTS;
const SCRIPT_NAMES = Object.keys(SCRIPTS) as readonly ScriptName[];

/** Segments of many kinds: timed or not, spaced or not, crowded, paused, with zero-length and hour-long words. */
export function speak(random: () => number, scripts: readonly ScriptName[] = SCRIPT_NAMES): Segment[] {
  const segments: Segment[] = [];
  let atMs = whole(random, 0, 5000);
  const isCrowded = random() < 0.1;
  for (let left = whole(random, 1, 12); left > 0; left -= 1) {
    const { words: known, marks, isSpaced } = SCRIPTS[random() < 0.2 ? "latin" : pick(scripts, random)];
    const words: Word[] = [];
    for (let count = whole(random, 1, 25); count > 0; count -= 1) {
      const mark = random() < 0.15 ? pick(marks, random) : "";
      const lengthMs = isCrowded
        ? whole(random, 0, 20)
        : random() < 0.01
          ? whole(random, 8000, 30_000)
          : whole(random, 0, 600);
      words.push({ text: pick(known, random) + mark, startMs: atMs, endMs: atMs + lengthMs });
      atMs += lengthMs + (random() < 0.1 ? whole(random, 0, 4000) : 0);
    }
    const text = words.map((word) => word.text).join(isSpaced ? " " : "");
    const timed = isSpaced || random() < 0.5 ? words : words.flatMap((word) => inTokens(word, random));
    const segment = { ...segmentOf(timed), text };
    segments.push(random() < 0.3 ? { ...segment, words: [] } : segment);
  }
  return segments;
}

/** Split a word as a model does that times tokens instead of words. Tokens end anywhere. */
function inTokens({ text, startMs, endMs }: Word, random: () => number): readonly Word[] {
  const tokens: string[] = [];
  for (const char of text) {
    if (tokens.length > 0 && random() < 0.6) tokens[tokens.length - 1] += char;
    else tokens.push(char);
  }
  const each = (endMs - startMs) / tokens.length;
  return tokens.map((token, at) => ({
    text: token,
    startMs: Math.round(startMs + at * each),
    endMs: Math.round(startMs + (at + 1) * each),
  }));
}

const dictionary = new Intl.Segmenter("und", { granularity: "word" });

/**
 * Return the lines that begin inside a word, or with a mark that must not begin a line. Every word has to fit a line with its marks, and
 * the lines of a segment, put together, have to be its text.
 */
export function badBreaks(segments: readonly Segment[], cues: readonly Cue[]): readonly string[] {
  const isEdge: boolean[] = [];
  for (const { text } of segments) {
    for (const { segment } of dictionary.segment(text)) {
      const [first = "", ...others] = unspaced(segment);
      if (first === "") continue;
      isEdge.push(true, ...Array.from(first + others.join(""), () => false).slice(1));
    }
  }
  const bad: string[] = [];
  let at = 0;
  for (const line of cues.flatMap(({ lines }) => lines)) {
    if (isEdge[at] !== true) bad.push(`inside a word: ${line}`);
    if (/^[\p{M}\p{Pe}\p{Pf}。、，．！？：；…々ーっょゃゅッョャュァィゥェォぁぃぅぇぉๆៗ។៖။၊।،؟؛?!.,;]/u.test(line)) {
      bad.push(`begins with a mark: ${line}`);
    }
    at += Array.from(unspaced(line)).length;
  }
  return bad;
}
