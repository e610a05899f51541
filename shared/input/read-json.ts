// JSON from outside. Whatever is parsed has been counted before: a few megabytes of brackets or of keys make objects that
// take seconds and hundreds of megabytes to build, and every schema walks them once more.

/** A batch of jobs nests five deep; what clients keep in metadata of their own is theirs to nest, within reason. */
export const MAX_JSON_DEPTH = 32;

/**
 * Keys of objects and elements of lists together. The most that the API asks for is the completion of an upload of 10,000
 * parts, which has 30,001.
 */
export const MAX_JSON_ENTRIES = 40_000;

export type ReadJson =
  | { readonly ok: true; readonly value: unknown }
  /** `isJson` is false of what is none; true of JSON that is too much. */
  | { readonly ok: false; readonly isJson: boolean; readonly reason: string };

/** Parse JSON that others wrote, if it is no deeper and no more than it may be. Takes time in proportion to its length. */
export function readJson(text: string): ReadJson {
  const { depth, entries } = measureJson(text);
  if (depth > MAX_JSON_DEPTH) {
    return { ok: false, isJson: true, reason: `the JSON nests deeper than ${MAX_JSON_DEPTH} levels; make it flatter` };
  }
  if (entries > MAX_JSON_ENTRIES) {
    const reason = `the JSON has more than ${MAX_JSON_ENTRIES} keys and elements; send it in several requests`;
    return { ok: false, isJson: true, reason };
  }
  try {
    return { ok: true, value: JSON.parse(text) };
  } catch (error) {
    return { ok: false, isJson: false, reason: String(error) };
  }
}

/** JSON that this Worker wrote itself, into a row or an object of its own. Its shape is what was written. */
export function parseOwn(text: string): unknown {
  return JSON.parse(text);
}

export interface JsonMeasure {
  readonly depth: number;
  /** At least as many keys and elements as there are. */
  readonly entries: number;
  /** Characters that were looked at: never more than there are. */
  readonly steps: number;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const OPENING_LIST = 0x5b;
const OPENING_OBJECT = 0x7b;
const CLOSING_LIST = 0x5d;
const CLOSING_OBJECT = 0x7d;

/** Count in one pass, and stop as soon as it is too much. What is no JSON is for the parser to refuse. */
export function measureJson(text: string): JsonMeasure {
  let [level, depth, entries, at] = [0, 0, 0, 0];
  let isInString = false;
  for (; at < text.length && depth <= MAX_JSON_DEPTH && entries <= MAX_JSON_ENTRIES; at += 1) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) isInString = !isInString;
    else if (isInString) {
      // Whatever it escapes, a quotation mark above all, is passed over.
      if (code === BACKSLASH) at += 1;
    } else if (code === COMMA) entries += 1;
    else if (code === OPENING_LIST || code === OPENING_OBJECT) {
      level += 1;
      entries += 1;
      depth = Math.max(depth, level);
    } else if (code === CLOSING_LIST || code === CLOSING_OBJECT) level -= 1;
  }
  return { depth, entries, steps: Math.min(at, text.length) };
}
