// What was typed and not saved yet, kept in this browser: a crash, a reload or a key that ended loses none of it.
import type { Line } from "./merge.ts";

export interface Draft {
  readonly index: number;
  /** What stood there when it was typed. */
  readonly base: Line;
  readonly mine: Line;
}

const nameOf = (jobId: string) => `darkroom.transcript.${jobId}`;

export function keepDraft(jobId: string, drafts: readonly Draft[]): void {
  try {
    if (drafts.length === 0) localStorage.removeItem(nameOf(jobId));
    else localStorage.setItem(nameOf(jobId), JSON.stringify(drafts));
  } catch {
    // The browser keeps nothing, or is full: it is in the page still, which asks before it is closed.
  }
}

export function readDraft(jobId: string): readonly Draft[] {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(nameOf(jobId)) ?? "[]");
    return Array.isArray(kept) ? (kept as readonly Draft[]) : [];
  } catch {
    return [];
  }
}
