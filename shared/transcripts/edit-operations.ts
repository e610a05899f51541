import * as z from "zod";

import { boundedText, NO_CONTROLS } from "../input/bounded-text.ts";

/** A word may be long; captions break it. */
export const MAX_WORD_CHARS = 4000;
export const MAX_OPERATIONS = 5000;
const MAX_WORDS_AN_OPERATION = 1000;
const MAX_SPEAKER_CHARS = 100;

const place = z.int().min(0);
const timeMs = z.int().min(0);

const ONE_LINE = "has a line break or another control character; leave it out";

/** Text of one line: a line break would end a cue. The pattern of the document cannot name Unicode's own line breaks. */
function oneLine(limits: Omit<Parameters<typeof boundedText>[0], "pattern">) {
  return boundedText({ ...limits, pattern: [NO_CONTROLS, ONE_LINE] }).refine(
    (text) => !/[\u2028\u2029]/.test(text),
    ONE_LINE,
  );
}

const NewWord = z.strictObject({
  text: oneLine({
    max: MAX_WORD_CHARS,
    min: 1,
    trim: true,
    empty: "is empty; to remove words use the operation 'remove'",
  }),
  startMs: timeMs.exactOptional().describe("if left out, the time of the replaced word or an interpolated one"),
  endMs: timeMs.exactOptional(),
});
export type NewWord = z.infer<typeof NewWord>;

const NewWords = z.array(NewWord).min(1).max(MAX_WORDS_AN_OPERATION);

/**
 * One change of a transcript. Segments and words are counted from 0, in the version that is edited. `word` is one of the
 * segment's words. If the segment has no words, its text is split at white space, and `word` is one of those.
 */
export const EditOperation = z
  .discriminatedUnion("op", [
    z.strictObject({
      op: z.literal("replace"),
      segment: place,
      word: place,
      count: z.int().min(1).default(1),
      words: NewWords,
    }),
    z.strictObject({ op: z.literal("remove"), segment: place, word: place, count: z.int().min(1).default(1) }),
    z.strictObject({
      op: z.literal("insert"),
      segment: place,
      word: place.describe("the word before which to insert; to insert at the end, the number of words"),
      words: NewWords,
    }),
    z.strictObject({
      op: z.literal("speaker"),
      segment: place,
      speaker: oneLine({ max: MAX_SPEAKER_CHARS, min: 1, trim: true }).nullable().describe("null removes the name"),
    }),
  ])
  .meta({ id: "EditOperation" });
export type EditOperation = z.infer<typeof EditOperation>;
