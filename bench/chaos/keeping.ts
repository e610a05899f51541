import type { Asked } from "./model.ts";

/** Whether a text holds all of an answer: the answer itself, or every word that it is made of. */
export function isKeptIn(text: string, { words, raw, mark }: Asked): boolean {
  if (!text.includes(mark) && !text.includes(raw)) return false;
  if (text.includes(raw)) return true;
  const held = new Set(text.match(/\w+/g));
  return words.every((word) => held.has(word));
}

/** Captions and plain text hold the words, but neither their times nor the model: no answer can be made of them again. */
const RENDERINGS = /\.(txt|vtt|srt)$/;

export function isRendering(key: string): boolean {
  return RENDERINGS.test(key);
}
