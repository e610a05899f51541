import type { EditOperation, NewWord } from "./edit-operations.ts";
import { joinTexts, separatorBetween } from "./join-words.ts";
import { isMostlyIdeographic } from "./scripts.ts";
import { shownWords, type ShownWord, timed } from "./shown-words.ts";
import type { Segment, Transcript, Word } from "./transcript.ts";

/** What is wrong, and with which operation. */
export interface EditIssue {
  readonly path: string;
  readonly message: string;
}

type Edited =
  | { readonly ok: true; readonly transcript: Transcript }
  | { readonly ok: false; readonly issues: readonly EditIssue[] };

type Indexed = { readonly index: number; readonly operation: EditOperation };

/** A change of the words from `from` up to `to`. The two are equal if words are inserted. */
interface Span {
  readonly index: number;
  readonly from: number;
  readonly to: number;
  readonly words: readonly NewWord[];
}

/** If a request has more mistakes, the answer names the first ones. */
const MOST_ISSUES = 20;

/**
 * Apply all changes to a transcript at once. Segments keep their places: a segment whose words are all removed has an empty text.
 * Segments without a change stay the same objects. In a changed segment each word is spelled as its text shows it.
 */
export function applyEdits(transcript: Transcript, operations: readonly EditOperation[]): Edited {
  const issues: EditIssue[] = [];
  const segments = [...transcript.segments];
  const bySegment = Map.groupBy(
    operations.map((operation, index): Indexed => ({ index, operation })),
    ({ operation }) => operation.segment,
  );
  for (const [at, some] of bySegment) {
    const segment = segments[at];
    if (segment === undefined) {
      const there = `The transcript has ${segments.length} segments, 0 to ${segments.length - 1}`;
      const message = segments.length === 0 ? "The transcript has no segments" : there;
      issues.push(...some.map(({ index }) => ({ path: `operations.${index}.segment`, message })));
      continue;
    }
    const bounds = {
      // A word must be between the neighbouring segments. Otherwise it would be read out of order.
      fromMs: segments[at - 1]?.startMs ?? 0,
      toMs: segments[at + 1]?.endMs ?? transcript.durationMs ?? Infinity,
    };
    const edited = editSegment(segment, some, bounds);
    if ("issues" in edited) issues.push(...edited.issues);
    else segments[at] = edited.segment;
  }
  if (issues.length > 0) return { ok: false, issues: issues.slice(0, MOST_ISSUES) };
  return { ok: true, transcript: { ...transcript, segments, text: joinTexts(segments.map(({ text }) => text)) } };
}

interface Bounds {
  readonly fromMs: number;
  readonly toMs: number;
}

function editSegment(
  segment: Segment,
  some: readonly Indexed[],
  bounds: Bounds,
): { readonly segment: Segment } | { readonly issues: readonly EditIssue[] } {
  const spans: Span[] = [];
  const speakers: Indexed[] = [];
  for (const indexed of some) {
    const { index, operation } = indexed;
    switch (operation.op) {
      case "speaker":
        speakers.push(indexed);
        break;
      case "insert":
        spans.push({ index, from: operation.word, to: operation.word, words: operation.words });
        break;
      case "replace":
        spans.push({ index, from: operation.word, to: operation.word + operation.count, words: operation.words });
        break;
      case "remove":
        spans.push({ index, from: operation.word, to: operation.word + operation.count, words: [] });
    }
  }
  const issues: EditIssue[] = speakers.slice(1).map(({ index }) => ({
    path: `operations.${index}`,
    message: `Operation ${speakers[0]?.index ?? 0} names the speaker of the same segment`,
  }));
  const named = withSpeaker(segment, speakers[0]?.operation);
  if (spans.length === 0) return issues.length > 0 ? { issues } : { segment: named };
  const words = shownWords(segment);
  issues.push(...issuesOf(spans, words.length));
  if (issues.length > 0) return { issues };
  const result = spliced(segment, words, spans);
  const late = timeIssues(result, bounds);
  return late.length > 0 ? { issues: late } : { segment: segmentOf(named, result) };
}

function withSpeaker(segment: Segment, operation: EditOperation | undefined): Segment {
  if (operation?.op !== "speaker") return segment;
  const { speaker: _, ...rest } = segment;
  return operation.speaker === null ? rest : { ...rest, speaker: operation.speaker };
}

/** Find spans outside the segment, and spans that touch the same word or place. */
function issuesOf(spans: readonly Span[], count: number): readonly EditIssue[] {
  const issues: EditIssue[] = [];
  for (const { index, from, to } of spans) {
    if (to <= count) continue;
    const message = `The segment has ${count} words; the operation is about ${from === to ? `the place ${from}` : `words ${from} to ${to - 1}`}`;
    issues.push({ path: `operations.${index}.word`, message });
  }
  const sorted = inOrder(spans);
  for (const [at, span] of sorted.entries()) {
    const before = sorted[at - 1];
    if (before === undefined) continue;
    const isSamePlace = before.from === before.to && span.from === span.to && before.from === span.from;
    if (span.from >= before.to && !isSamePlace) continue;
    issues.push({
      path: `operations.${span.index}`,
      message: `Operation ${before.index} changes the same words; combine the two operations`,
    });
  }
  return issues;
}

/** Sort spans by their places. An insertion at a place comes before the replacement of the word there. */
function inOrder(spans: readonly Span[]): readonly Span[] {
  return spans.toSorted((left, right) => left.from - right.from || left.to - right.to);
}

/** A word of the result. `path` is the place of its times in the request; null if the request does not give them. */
interface Placed extends ShownWord {
  readonly path: string | null;
}

function spliced(segment: Segment, words: readonly ShownWord[], spans: readonly Span[]): readonly Placed[] {
  const result: Placed[] = [];
  const isIdeographicText = isMostlyIdeographic(segment.text);
  const guess = (after: string) => separatorBetween(result.at(-1)?.text ?? "", after, isIdeographicText);
  let next = 0;
  // After a change, the separator between two words is unknown, unless one word replaced the other.
  let isBroken = false;
  const keep = (upTo: number) => {
    for (const word of words.slice(next, upTo)) {
      const separator = isBroken ? guess(word.text) : word.separator;
      result.push({ ...word, separator, path: null });
      isBroken = false;
    }
    next = Math.max(next, upTo);
  };
  for (const { index, from, to, words: given } of inOrder(spans)) {
    keep(from);
    const replaced = words.slice(from, to);
    const times = timesOf(given, replaced, {
      startMs: words[from - 1]?.endMs ?? segment.startMs,
      endMs: words[from]?.startMs ?? segment.endMs,
    });
    for (const [at, { text, ...givenTimes }] of given.entries()) {
      const separator = (at === 0 && !isBroken ? replaced[0]?.separator : undefined) ?? guess(text);
      const { startMs, endMs } = times[at] ?? { startMs: segment.startMs, endMs: segment.endMs };
      const isTimed = givenTimes.startMs !== undefined || givenTimes.endMs !== undefined;
      result.push({ text, startMs, endMs, separator, path: isTimed ? `operations.${index}.words.${at}` : null });
    }
    isBroken = given.length === 0 || replaced.length === 0;
    next = to;
  }
  keep(words.length);
  return result;
}

/** Return the times of new words: the given times, otherwise those of the words that they replace one by one, otherwise interpolated times. */
function timesOf(
  given: readonly NewWord[],
  replaced: readonly Word[],
  between: { readonly startMs: number; readonly endMs: number },
): readonly { readonly startMs: number; readonly endMs: number }[] {
  const isOneByOne = given.length === replaced.length;
  const span = {
    startMs: replaced[0]?.startMs ?? between.startMs,
    endMs: replaced.at(-1)?.endMs ?? Math.max(between.startMs, between.endMs),
  };
  const known = given.map(({ startMs, endMs }, index) => ({
    startMs: startMs ?? (isOneByOne ? replaced[index]?.startMs : undefined),
    endMs: endMs ?? (isOneByOne ? replaced[index]?.endMs : undefined),
  }));
  const times: Word[] = [];
  for (let from = 0; from < given.length;) {
    // The time up to the next known end, or known beginning of a successor, is shared among the words in between.
    let to = from + 1;
    while (to < given.length && known[to - 1]?.endMs === undefined && known[to]?.startMs === undefined) to += 1;
    const startMs = known[from]?.startMs ?? times.at(-1)?.endMs ?? span.startMs;
    const endMs = known[to - 1]?.endMs ?? known[to]?.startMs ?? Math.max(span.endMs, startMs);
    const texts = given.slice(from, to).map(({ text }) => text);
    times.push(...timed(texts, { startMs, endMs: to === from + 1 ? endMs : Math.max(startMs, endMs) }));
    // Given times are not corrected. If they are impossible, they are refused.
    if (to === from + 1) times[times.length - 1] = { startMs, endMs, text: texts[0] ?? "" };
    from = to;
  }
  return times;
}

/** Find given times that are out of order: within the word, or compared with its neighbours or the neighbouring segments. */
function timeIssues(words: readonly Placed[], { fromMs, toMs }: Bounds): readonly EditIssue[] {
  const issues: EditIssue[] = [];
  for (const [index, { path, startMs, endMs }] of words.entries()) {
    if (path === null) continue;
    const earliestMs = words[index - 1]?.startMs ?? fromMs;
    const latestMs = words[index + 1]?.endMs ?? toMs;
    if (startMs > endMs) issues.push({ path, message: `begins at ${startMs} ms, but ends earlier, at ${endMs} ms` });
    else if (startMs < earliestMs)
      issues.push({
        path,
        message: `begins at ${startMs} ms, before the preceding word or segment (${earliestMs} ms)`,
      });
    else if (endMs > latestMs)
      issues.push({ path, message: `ends at ${endMs} ms, after the following word or segment (${latestMs} ms)` });
  }
  return issues;
}

function segmentOf(segment: Segment, words: readonly Placed[]): Segment {
  return {
    ...segment,
    startMs: Math.min(segment.startMs, words[0]?.startMs ?? segment.startMs),
    endMs: Math.max(segment.endMs, words.at(-1)?.endMs ?? segment.endMs),
    text: words.map(({ separator, text }, index) => (index === 0 ? text : separator + text)).join(""),
    words: words.map(({ startMs, endMs, text }) => ({ startMs, endMs, text })),
  };
}
