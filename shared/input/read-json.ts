// JSON from outside. It is counted before it is parsed: a few megabytes of brackets or of keys make objects that take seconds
// and hundreds of megabytes to build, and every schema walks through them again.

/** A batch of jobs nests five deep. Clients may nest their own metadata deeper, within reason. */
export const MAX_JSON_DEPTH = 32;

/**
 * Keys of objects and elements of lists together. The largest request of the API completes an upload of 10,000 parts, which has
 * 30,001.
 */
export const MAX_JSON_ENTRIES = 40_000;

export type ReadJson =
  | { readonly ok: true; readonly value: unknown }
  /** `isJson` is false for a text that is not JSON, and true for JSON that exceeds a limit. */
  | { readonly ok: false; readonly isJson: boolean; readonly reason: string };

/** Parse JSON that others wrote, if it is within the limits. Takes time in proportion to its length. */
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

/** Parse JSON that this Worker wrote itself, into a row or an object of its own. Its shape is as it was written. */
export function parseOwn(text: string): unknown {
  return JSON.parse(text);
}

export interface JsonMeasure {
  readonly depth: number;
  /** Never fewer than the keys and elements in the text. */
  readonly entries: number;
  /** How many characters were looked at: never more than the text has. */
  readonly steps: number;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const OPENING_LIST = 0x5b;
const OPENING_OBJECT = 0x7b;
const CLOSING_LIST = 0x5d;
const CLOSING_OBJECT = 0x7d;

/** Count in one pass, and stop as soon as a limit is exceeded. Text that is not JSON is left to the parser to refuse. */
export function measureJson(text: string): JsonMeasure {
  let [level, depth, entries, at] = [0, 0, 0, 0];
  let isInString = false;
  for (; at < text.length && depth <= MAX_JSON_DEPTH && entries <= MAX_JSON_ENTRIES; at += 1) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) isInString = !isInString;
    else if (isInString) {
      // The escaped character is skipped: it may be a quotation mark.
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
