import type { Word } from "./recogniser.ts";

const PAUSE_SECONDS = 0.5;
// Two lines of 42 characters, shown for at most seven seconds: the usual advice of subtitle guides.
const LONGEST_CHARACTERS = 84;
const LONGEST_SECONDS = 7;

export type Caption = {
  readonly start: number;
  readonly end: number;
  readonly text: string;
  readonly words: readonly Word[];
};

/** Group words into captions. A new one starts at a pause, or before a caption grows too long. */
export function toCaptions(words: readonly Word[]): readonly Caption[] {
  const lines: Word[][] = [];
  for (const word of words) {
    const line = lines.at(-1);
    if (line === undefined || !belongsTo(line, word)) lines.push([word]);
    else line.push(word);
  }
  return lines.flatMap((line) => {
    const [first, last] = [line[0], line.at(-1)];
    if (first === undefined || last === undefined) return [];
    return [{ start: first.start, end: last.end, text: toText(line), words: line }];
  });
}

function belongsTo(line: readonly Word[], word: Word): boolean {
  const [first, last] = [line[0], line.at(-1)];
  if (first === undefined || last === undefined) return false;
  if (word.start - last.end >= PAUSE_SECONDS) return false;
  if (word.end - first.start > LONGEST_SECONDS) return false;
  return toText([...line, word]).length <= LONGEST_CHARACTERS;
}

export function toText(words: readonly Word[]): string {
  return words.map(({ word }) => word).join(" ");
}

export function toVtt(captions: readonly Pick<Caption, "start" | "end" | "text">[]): string {
  const cues = captions.map(({ start, end, text }) => `${timestamp(start)} --> ${timestamp(end)}\n${text.trim()}\n`);
  return ["WEBVTT\n", ...cues].join("\n");
}

function timestamp(seconds: number): string {
  return new Date(Math.round(seconds * 1000)).toISOString().slice(11, 23);
}
