import type { Asked } from "./model.ts";

/** Whether a text contains all of an answer: the answer itself, or every word in it. */
export function isKeptIn(text: string, { words, raw, mark }: Asked): boolean {
  if (!text.includes(mark) && !text.includes(raw)) return false;
  if (text.includes(raw)) return true;
  const held = new Set(text.match(/\w+/g));
  return words.every((word) => held.has(word));
}

/** Captions and plain text have the words but neither times nor the model, so no answer can be rebuilt from them. */
const RENDERINGS = /\.(txt|vtt|srt)$/;

export function isRendering(key: string): boolean {
  return RENDERINGS.test(key);
}
