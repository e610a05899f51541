import type { Tried } from "./child.ts";
import { type Finding, type FindingKind, GOAL_MS, unitsOf } from "./judge.ts";

interface Slowest {
  /** For each 25 MB of input. */
  ms: number;
  of: string;
  peakMb: number;
  /** Files whose slowest step took longer than the goal. */
  overGoal: number;
}

/** What all cases came to. */
export class Tally {
  readonly #cases = new Map<string, number>();
  readonly #found = new Map<string, number>();
  readonly #kept = new Map<string, number>();
  readonly #slowest = new Map<string | null, Slowest>();

  add(container: string, tried: Tried | null, findings: readonly Finding[]): void {
    raise(this.#cases, container);
    for (const kind of new Set(findings.map((finding) => finding.kind))) raise(this.#found, kind);
    if (tried === null) return;
    const ms = tried.slowestMs / unitsOf(tried.sizeBytes);
    for (const key of [null, container]) {
      const slowest = this.#slowest.get(key) ?? { ms: 0, of: "", peakMb: 0, overGoal: 0 };
      if (ms > slowest.ms)
        Object.assign(slowest, { ms, of: `${container} | ${tried.name} | ${tried.slowestStep} | ${tried.outcome}` });
      slowest.peakMb = Math.max(slowest.peakMb, Math.round(tried.peakBytes / 2 ** 20 / unitsOf(tried.sizeBytes)));
      if (ms > GOAL_MS) slowest.overGoal += 1;
      this.#slowest.set(key, slowest);
    }
  }

  /** The first so many of each kind in each container. */
  isWorthKeeping(container: string, findings: readonly Finding[], most: number): boolean {
    return findings.some(({ kind }) => raise(this.#kept, `${container} ${kind}`) <= most);
  }

  cases(): number {
    return [...this.#cases.values()].reduce((sum, count) => sum + count, 0);
  }

  casesByContainer(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#cases);
  }

  count(kind: FindingKind): number {
    return this.#found.get(kind) ?? 0;
  }

  slowest(container: string | null): Slowest | null {
    return this.#slowest.get(container) ?? null;
  }
}

function raise(counts: Map<string, number>, key: string): number {
  const count = (counts.get(key) ?? 0) + 1;
  counts.set(key, count);
  return count;
}
