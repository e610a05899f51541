import { joinTexts } from "../transcripts/join-words.ts";
import { placeWords } from "../transcripts/place-words.ts";
import type { Label } from "../jobs/outcome.ts";
import type { Segment } from "../transcripts/transcript.ts";
import { type Passage, passageId, type PassageSource } from "./passage.ts";
import { endsSentence } from "../transcripts/scripts.ts";
import { countWords, sentencesOf } from "./sentences.ts";

/** A passage of this length has enough meaning to be found. The next sentence begins another passage. */
const ENOUGH_WORDS = 60;
const MAX_WORDS = 120;

/** All texts by which a job can be found. */
export interface SearchableText {
  readonly transcript?: readonly Segment[];
  readonly prompt?: string;
  readonly text?: string;
  readonly labels?: readonly Label[];
  readonly caption?: string;
  readonly summary?: string;
}

/** Below this score the model itself does not expect the label to be right. */
const LEAST_SCORE = 0.1;

/** Return the labels that say something about their source. */
export function tellingLabels(labels: readonly Label[]): readonly Label[] {
  return labels.filter(({ score }) => score >= LEAST_SCORE);
}

/** A piece of text that is not divided any further. */
interface Piece {
  readonly text: string;
  readonly startMs: number | null;
  readonly endMs: number | null;
}

/**
 * Cut a job's search text into passages of 60 to 120 words that end with a segment or a sentence. A shorter text makes a shorter
 * passage. The same text is always cut in the same way.
 */
export function cutPassages(jobId: string, searchable: SearchableText): readonly Passage[] {
  const { transcript = [], prompt = "", text = "", labels = [], caption = "", summary = "" } = searchable;
  const pieces: Readonly<Record<PassageSource, readonly Piece[]>> = {
    transcript: transcript.flatMap(segmentPieces),
    prompt: textPieces(prompt),
    text: textPieces(text),
    labels: labels.length === 0 ? [] : [untimed(labelWords(labels))],
    caption: textPieces(caption),
    summary: textPieces(summary),
  };
  return (Object.keys(pieces) as PassageSource[]).flatMap((source) =>
    pack(pieces[source]).map((passage, index) => ({ id: passageId(jobId, source, index), source, ...passage })),
  );
}

function pack(pieces: readonly Piece[]): readonly Piece[] {
  const passages: Piece[] = [];
  let open: Piece[] = [];
  let words = 0;
  const close = () => {
    if (open.length > 0) passages.push(join(open));
    [open, words] = [[], 0];
  };
  for (const piece of pieces) {
    const more = countWords(piece.text);
    if (words + more > MAX_WORDS) close();
    open.push(piece);
    words += more;
    if (words >= ENOUGH_WORDS && endsSentence(piece.text)) close();
  }
  const last = passages.at(-1);
  // A short rest is added to the previous passage if it fits.
  if (last !== undefined && words > 0 && words < ENOUGH_WORDS && countWords(last.text) + words <= MAX_WORDS) {
    passages.pop();
    open.unshift(last);
  }
  close();
  return passages;
}

function join(pieces: readonly Piece[]): Piece {
  const text = joinTexts(pieces.map((piece) => piece.text));
  return { text, startMs: pieces[0]?.startMs ?? null, endMs: pieces.at(-1)?.endMs ?? null };
}

/** Return a segment as one piece. A segment longer than a passage, as of a model without times, is divided into its sentences. */
function segmentPieces(segment: Segment): readonly Piece[] {
  const text = segment.text.trim();
  if (text === "") return [];
  const { startMs, endMs } = segment;
  if (countWords(text) <= MAX_WORDS) return [{ text, startMs, endMs }];
  const { words } = segment;
  const places = placeWords({ text, words }) ?? [];
  let from = 0;
  return sentencesOf(text, MAX_WORDS).map((part) => {
    const start = Math.max(from, text.indexOf(part, from));
    from = start + part.length;
    const end = from;
    const first = words[places.findIndex((place) => place.end > start)];
    const last = words[places.findLastIndex((place) => place.start < end)];
    return { text: part, startMs: first?.startMs ?? startMs, endMs: last?.endMs ?? endMs };
  });
}

function textPieces(text: string): readonly Piece[] {
  return sentencesOf(text, MAX_WORDS).map(untimed);
}

function untimed(text: string): Piece {
  return { text, startMs: null, endMs: null };
}

function labelWords(labels: readonly Label[]): string {
  return labels.map(({ label, score }) => `${label} ${Number(score.toFixed(2))}`).join(", ");
}
