import { clip } from "../input/characters.ts";

/** What a failure has in common with others of its sort. */
export interface Fingerprint {
  /** `<code>:<8 hex digits>`. A dead letter's own begins with its kind: `classify:model_failed:1f0c22ab`. */
  readonly fingerprint: string;
  /** The message with placeholders for what differs from one occurrence to the next. */
  readonly messagePattern: string;
}

/** A model's message may quote pages of its input. What distinguishes one fault from another is at the start. */
const MAX_MESSAGE_CHARS = 2000;
const MAX_PATTERN_CHARS = 300;

/** The placeholders, in this order: an id inside a quotation, or a number inside an id, is part of the larger thing. */
const PLACEHOLDERS: readonly (readonly [RegExp, string])[] = [
  [/"(?:[^"\\]|\\.)*"/g, "<value>"],
  // A quotation mark after a letter is an apostrophe, and so is one that a letter follows.
  [/(?<!\w)'(?:[^']|'(?=\w))*'(?!\w)/g, "<value>"],
  [/(?<!\w)`[^`]*`/g, "<value>"],
  [/\b(?:https?|r2|s3):\/\/\S+/g, "<url>"],
  [/\b(?:job|dl|rd)_[\w.-]+/g, "<id>"],
  [/[\w@.%+-]*(?:\/[\w@.%+-]+)+/g, "<key>"],
  [/\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b/gi, "<id>"],
  [/\b(?=[a-f]*\d)[0-9a-f]{8,}\b/gi, "<id>"],
  [/\d+(?:[.,:]\d+)*/g, "<n>"],
  [/\s+/g, " "],
];

/** Return the group of a failure: the same fault in two jobs has the same fingerprint. */
export function fingerprintFailure({ code, message }: { code: string; message: string }): Fingerprint {
  const clipped = clip(message, MAX_MESSAGE_CHARS);
  const pattern = PLACEHOLDERS.reduce((text, [found, placeholder]) => text.replaceAll(found, placeholder), clipped);
  const messagePattern = clip(pattern.trim(), MAX_PATTERN_CHARS);
  return { fingerprint: `${code}:${fnv1a(messagePattern)}`, messagePattern };
}

/** FNV-1a, 32 bits: enough to distinguish the few dozen messages of one kind and code, and it needs no await. */
function fnv1a(text: string): string {
  let hash = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(text)) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  return hash.toString(16).padStart(8, "0");
}
