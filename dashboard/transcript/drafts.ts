// Keeps unsaved edits in this browser, so that a crash, a reload or an expired key does not lose them.
import type { Line } from "./merge.ts";

export interface Draft {
  readonly index: number;
  /** The line before the edit. */
  readonly base: Line;
  readonly mine: Line;
}

const nameOf = (jobId: string) => `darkroom.transcript.${jobId}`;

export function keepDraft(jobId: string, drafts: readonly Draft[]): void {
  try {
    if (drafts.length === 0) localStorage.removeItem(nameOf(jobId));
    else localStorage.setItem(nameOf(jobId), JSON.stringify(drafts));
  } catch {
    // The browser's storage is disabled or full. The edits are still in the page, which asks before it is closed.
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
