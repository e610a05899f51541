// What holds of captions, whatever is said and asked for.
import { CAPTION_PRESETS, CaptionOptions, type Cue } from "../shared/captions/layout.ts";
import type { Segment, Word } from "../shared/transcripts/transcript.ts";
import { pick, segmentOf, whole } from "./scripted-speaker.ts";

/** The limits that a cue breaks. */
export function brokenLimits(cue: Cue, next: Cue | undefined, options: CaptionOptions): readonly string[] {
  const durationMs = cue.endMs - cue.startMs;
  const readingMs = (Array.from(cue.lines.join(" ")).length * 1000) / options.maxCharsPerSecond;
  const wantedMs = Math.min(options.maxDurationMs, Math.max(options.minDurationMs, readingMs));
  const roomMs = next === undefined ? Infinity : next.startMs - options.minGapMs - cue.startMs;
  const limits = {
    maxLines: cue.lines.length >= 1 && cue.lines.length <= options.maxLines,
    maxLineLength: cue.lines.every((line) => Array.from(line).length <= options.maxLineLength),
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

const LATIN =
  "a I the and of river harbour everyone nevertheless understanding internationalisation it's don't 20 O'Brien café".split(
    " ",
  );
const CHARS = Array.from("今日は天気がいいですね明後晴雨風空海山川時計東京カタカナーひらがな");

/** Segments of many kinds: timed or not, spaced or not, crowded, paused, with zero-length and hour-long words. */
export function speak(random: () => number): Segment[] {
  const segments: Segment[] = [];
  let atMs = whole(random, 0, 5000);
  const isCrowded = random() < 0.1;
  for (let left = whole(random, 1, 12); left > 0; left -= 1) {
    const isJapanese = random() < 0.25;
    const words: Word[] = [];
    for (let count = whole(random, 1, 25); count > 0; count -= 1) {
      const mark = random() < 0.15 ? pick(isJapanese ? ["。", "、"] : [".", ",", "?", "!", "…", ";"], random) : "";
      const lengthMs = isCrowded
        ? whole(random, 0, 20)
        : random() < 0.01
          ? whole(random, 8000, 30_000)
          : whole(random, 0, 600);
      words.push({ text: pick(isJapanese ? CHARS : LATIN, random) + mark, startMs: atMs, endMs: atMs + lengthMs });
      atMs += lengthMs + (random() < 0.1 ? whole(random, 0, 4000) : 0);
    }
    const text = words.map((word) => word.text).join(isJapanese ? "" : " ");
    const segment = { ...segmentOf(words), text };
    segments.push(random() < 0.3 ? { ...segment, words: [] } : segment);
  }
  return segments;
}
