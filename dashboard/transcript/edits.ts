// The edits of a transcript. They are kept in this browser at once, sent soon, and merged with the edits of other people.
import { type Signal, signal } from "@preact/signals";

import { DarkroomError, type OpenedTranscript } from "../../client/index.ts";
import { sentenceOf } from "../api/queries.ts";
import { api, session } from "../api/session.ts";
import { operationsOf, plain } from "./differences.ts";
import { keepDraft, readDraft } from "./drafts.ts";
import { type Conflict, type Line, type LineChange, lineOf, mergeLines, same, sameWords } from "./merge.ts";
import type { Segment } from "./words.ts";

const SAVE_AFTER_MS = 1000;
const FIRST_RETRY_MS = 2000;
const LONGEST_RETRY_MS = 30_000;
const MOST_OPERATIONS = 5000;
/** No answer, an expired key, a timeout, too many requests. In these states the edits are sent again. */
const LATER: ReadonlySet<number> = new Set([0, 401, 408, 429]);
/** Undo takes back, in one step, what was typed in a line without a longer pause. */
const SAME_STEP_MS = 1200;

export type Saving =
  | { readonly state: "saved" | "dirty" | "saving" | "conflict" }
  | { readonly state: "waiting"; readonly why: string }
  | { readonly state: "refused"; readonly why: string; readonly index: number | null };

export interface Edits {
  readonly saving: Signal<Saving>;
  readonly conflicts: Signal<readonly Conflict[]>;
  readonly version: Signal<number>;
  readonly canUndo: Signal<boolean>;
  readonly canRedo: Signal<boolean>;
  /** Increases with every change of a line. */
  readonly revision: Signal<number>;
  readonly etag: () => string;
  readonly segments: () => readonly Segment[];
  readonly segment: (index: number) => Segment | undefined;
  readonly line: (index: number) => Line;
  readonly isChanged: (index: number) => boolean;
  readonly change: (changes: readonly LineChange[], step?: { isTyping?: boolean }) => void;
  readonly undo: () => number | null;
  readonly redo: () => number | null;
  /** @param chosen one line for each conflict. */
  readonly resolve: (chosen: readonly Line[]) => void;
  /** Send the unsent edits. @returns whether everything is saved. */
  readonly save: () => Promise<boolean>;
  /** Show another version, which has become the latest. */
  readonly replace: (opened: OpenedTranscript) => void;
  readonly destroy: () => void;
}

interface Step {
  readonly before: readonly LineChange[];
  readonly after: readonly LineChange[];
  at: number;
}

/** @param onLines is called with the lines that look different now, or null for all lines. */
export function createEdits(
  jobId: string,
  opened: OpenedTranscript,
  onLines: (indexes: readonly number[] | null) => void,
): Edits {
  let segments = opened.transcript.segments;
  let etag = opened.etag ?? "";
  const lines = new Map<number, Line>();
  const version = signal(opened.version);
  const saving = signal<Saving>({ state: "saved" });
  const conflicts = signal<readonly Conflict[]>([]);
  const canUndo = signal(false);
  const canRedo = signal(false);
  const revision = signal(0);
  let undone: Step[] = [];
  const done: Step[] = [];
  let timer: ReturnType<typeof setTimeout> | undefined;
  let retryMs = FIRST_RETRY_MS;
  let sending: Promise<boolean> | null = null;
  let merged: OpenedTranscript | null = null;
  const ending = new AbortController();

  const stored = (index: number): Line => lineOf(segments[index]);
  const line = (index: number): Line => lines.get(index) ?? stored(index);

  function set(changes: readonly LineChange[]): void {
    for (const { index, text, speaker } of changes) {
      const before = stored(index);
      if (before.text === text && before.speaker === speaker) lines.delete(index);
      else lines.set(index, { text, speaker });
    }
    keep();
    revision.value += 1;
    if (conflicts.value.length > 0) return;
    if (lines.size === 0 && sending === null) saving.value = { state: "saved" };
    else {
      if (saving.value.state !== "saving") saving.value = { state: "dirty" };
      later(SAVE_AFTER_MS);
    }
  }

  function keep(): void {
    keepDraft(
      jobId,
      [...lines].map(([index, mine]) => ({ index, base: stored(index), mine })),
    );
  }

  function later(ms: number): void {
    clearTimeout(timer);
    timer = setTimeout(() => void save(), ms);
  }

  function save(): Promise<boolean> {
    sending ??= send().finally(() => {
      sending = null;
      if (saving.value.state === "dirty") later(SAVE_AFTER_MS);
    });
    return sending;
  }

  async function send(): Promise<boolean> {
    clearTimeout(timer);
    if (conflicts.value.length > 0) return false;
    const sent = new Map([...lines].toSorted(([left], [right]) => left - right));
    const operations = [...sent].flatMap(([index, { text, speaker }]) => {
      const segment = segments[index];
      if (segment === undefined) return [];
      const words = operationsOf(index, segment, text);
      const spoken = (segment.speaker ?? null) === speaker ? [] : [{ op: "speaker" as const, segment: index, speaker }];
      return [...words, ...spoken];
    });
    if (operations.length === 0) {
      // White space alone is not a change.
      for (const index of sent.keys()) lines.delete(index);
      keep();
      saving.value = { state: "saved" };
      return true;
    }
    saving.value = { state: "saving" };
    try {
      const some = operations.slice(0, MOST_OPERATIONS);
      take(await api().jobs.edit(jobId, etag, some), sent, some.length === operations.length);
      retryMs = FIRST_RETRY_MS;
      return lines.size === 0;
    } catch (error) {
      if (ending.signal.aborted) return false;
      return failed(error, operations);
    }
  }

  async function failed(error: unknown, operations: readonly { readonly segment: number }[]): Promise<boolean> {
    if (error instanceof DarkroomError && error.status === 412) {
      try {
        merge(await api().jobs.version(jobId));
        return false;
      } catch (again) {
        return failed(again, operations);
      }
    }
    if (error instanceof DarkroomError && !LATER.has(error.status) && error.status < 500) {
      const at = Number(/^operations\.(\d+)/.exec(error.issues[0]?.path ?? "")?.[1] ?? Number.NaN);
      saving.value = { state: "refused", why: sentenceOf(error), index: operations[at]?.segment ?? null };
      return false;
    }
    saving.value = { state: "waiting", why: sentenceOf(error) };
    later(retryMs);
    retryMs = Math.min(retryMs * 2, LONGEST_RETRY_MS);
    return false;
  }

  /** @param sent the lines that were typed when the request was made. @param isAll whether all of them fitted in the request. */
  function take(answer: OpenedTranscript, sent: ReadonlyMap<number, Line>, isAll: boolean): void {
    // Lines that were typed or undone since the request are changes of the new version.
    const wanted = new Map([...sent.keys(), ...lines.keys()].map((index) => [index, line(index)]));
    ({ segments } = answer.transcript);
    etag = answer.etag ?? "";
    version.value = answer.version;
    for (const [index, mine] of wanted) {
      const was = sent.get(index);
      const isDone = was !== undefined && same(was, mine) && (isAll || sameWords(stored(index), mine));
      if (isDone || same(stored(index), mine)) lines.delete(index);
      else lines.set(index, mine);
    }
    keep();
    saving.value = { state: lines.size === 0 ? "saved" : "dirty" };
    revision.value += 1;
    onLines([...sent.keys()]);
  }

  /** Take over the changes of other people. For lines that both have changed, ask the person. */
  function merge(latest: OpenedTranscript): void {
    const before = segments;
    const found: Conflict[] = [];
    const bases = new Map([...lines.keys()].map((index) => [index, lineOf(before[index])]));
    const next = latest.transcript.segments;
    for (const [index, mine] of lines) {
      const base = bases.get(index) ?? mine;
      const theirs = lineOf(next[index]);
      const both = mergeLines({ base, mine, theirs });
      if (both !== null) lines.set(index, both);
      else found.push({ index, startMs: next[index]?.startMs ?? 0, base, mine, theirs });
    }
    if (found.length > 0) {
      merged = latest;
      conflicts.value = found.toSorted((left, right) => left.index - right.index);
      saving.value = { state: "conflict" };
      return;
    }
    use(latest);
    later(0);
  }

  function use(latest: OpenedTranscript): void {
    ({ segments } = latest.transcript);
    etag = latest.etag ?? "";
    version.value = latest.version;
    for (const [index, mine] of lines) if (same(stored(index), mine)) lines.delete(index);
    keep();
    saving.value = { state: lines.size === 0 ? "saved" : "dirty" };
    revision.value += 1;
    onLines(null);
  }

  function undoable(): void {
    canUndo.value = done.length > 0;
    canRedo.value = undone.length > 0;
  }

  function restore(): void {
    const kept = readDraft(jobId);
    if (kept.length === 0) return;
    const found: Conflict[] = [];
    for (const { index, base, mine } of kept) {
      const now = segments[index];
      if (now === undefined || same(lineOf(now), mine)) continue;
      if (!same(lineOf(now), base)) found.push({ index, startMs: now.startMs, base, mine, theirs: lineOf(now) });
      lines.set(index, mine);
    }
    if (found.length > 0) {
      merged = opened;
      conflicts.value = found;
      saving.value = { state: "conflict" };
    } else if (lines.size > 0) {
      saving.value = { state: "dirty" };
      later(SAVE_AFTER_MS);
    } else keep();
  }

  restore();
  addEventListener("online", () => later(0), { signal: ending.signal });
  addEventListener(
    "beforeunload",
    (event) => {
      if (saving.value.state !== "saved") event.preventDefault();
    },
    { signal: ending.signal },
  );
  // After a new sign-in, the waiting edits are sent.
  const stopSession = session.subscribe(({ state }) => {
    if (state === "in" && saving.value.state === "waiting") later(0);
  });

  return {
    saving,
    conflicts,
    version,
    canUndo,
    canRedo,
    revision,
    etag: () => etag,
    segments: () => segments,
    segment: (index) => segments[index],
    line,
    isChanged: (index) => lines.has(index),
    change(changes, { isTyping = false } = {}) {
      const real = changes
        .map((one) => ({ ...one, text: plain(one.text) }))
        .filter(({ index, text, speaker }) => !same(line(index), { text, speaker }));
      if (real.length === 0) return;
      const before = real.map(({ index }) => ({ index, ...line(index) }));
      const last = done.at(-1);
      const now = Date.now();
      const isSame = isTyping && last?.after[0]?.index === real[0]?.index && last?.after.length === 1;
      if (isSame && last !== undefined && now - last.at < SAME_STEP_MS) {
        done[done.length - 1] = { before: last.before, after: real, at: now };
      } else done.push({ before, after: real, at: isTyping ? now : 0 });
      undone = [];
      set(real);
      undoable();
      if (!isTyping) onLines(real.map(({ index }) => index));
    },
    undo() {
      const step = done.pop();
      if (step === undefined) return null;
      undone.push(step);
      return goTo(step.before);
    },
    redo() {
      const step = undone.pop();
      if (step === undefined) return null;
      done.push(step);
      return goTo(step.after);
    },
    resolve(chosen) {
      const [latest, both] = [merged, conflicts.value];
      if (latest === null) return;
      merged = null;
      conflicts.value = [];
      for (const [at, { index }] of both.entries()) {
        const choice = chosen[at];
        if (choice !== undefined) lines.set(index, choice);
      }
      use(latest);
      later(0);
    },
    save,
    replace(latest) {
      lines.clear();
      done.length = 0;
      undone = [];
      undoable();
      use(latest);
    },
    destroy() {
      if (lines.size > 0 && conflicts.value.length === 0) void save();
      clearTimeout(timer);
      ending.abort();
      stopSession();
    },
  };

  function goTo(changes: readonly LineChange[]): number | null {
    set(changes);
    undoable();
    onLines(changes.map(({ index }) => index));
    return changes[0]?.index ?? null;
  }
}
