import type { Tried } from "./child.ts";
import { type Finding, type FindingKind, GOAL_MS, unitsOf } from "./judge.ts";

interface Slowest {
  /** Milliseconds of CPU for each 25 MB of input. */
  ms: number;
  of: string;
  peakMb: number;
  /** The number of files whose slowest step took longer than the goal. */
  overGoal: number;
}

/** What is needed to try a failed file again. */
export interface Failed {
  readonly container: string;
  readonly name: string;
  readonly sizeBytes: number;
  readonly seed: number;
  readonly number: number;
}

/** The results of all cases. */
export class Tally {
  readonly #cases = new Map<string, number>();
  readonly #found = new Map<string, number>();
  readonly #kept = new Map<string, number>();
  readonly #smallest = new Map<FindingKind, Failed>();
  readonly #slowest = new Map<string | null, Slowest>();

  add(container: string, tried: Tried | null, findings: readonly Finding[]): void {
    raise(this.#cases, container);
    for (const kind of kindsOf(findings)) raise(this.#found, `${container} ${kind}`);
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

  /** Whether to keep a finding: the first `most` of each kind in each container, and any that is smaller than all before it. */
  isWorthKeeping(failed: Failed, findings: readonly Finding[], most: number): boolean {
    let isWorth = false;
    for (const kind of kindsOf(findings)) {
      const isFirst = raise(this.#kept, `${failed.container} ${kind}`) <= most;
      const isSmallest = failed.sizeBytes < (this.#smallest.get(kind)?.sizeBytes ?? Infinity);
      if (isSmallest) this.#smallest.set(kind, failed);
      isWorth ||= isFirst || isSmallest;
    }
    return isWorth;
  }

  cases(): number {
    return [...this.#cases.values()].reduce((sum, count) => sum + count, 0);
  }

  casesByContainer(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#cases);
  }

  count(kind: FindingKind): number {
    return Object.values(this.countByContainer(kind)).reduce((sum, count) => sum + count, 0);
  }

  /** The number of findings of a kind by container, without the containers that have none. */
  countByContainer(kind: FindingKind): Readonly<Record<string, number>> {
    const counts = [...this.#cases.keys()].map((container) => [
      container,
      this.#found.get(`${container} ${kind}`) ?? 0,
    ]);
    return Object.fromEntries(counts.filter(([, count]) => count !== 0));
  }

  smallest(kind: FindingKind): Failed | null {
    return this.#smallest.get(kind) ?? null;
  }

  slowest(container: string | null): Slowest | null {
    return this.#slowest.get(container) ?? null;
  }
}

function kindsOf(findings: readonly Finding[]): ReadonlySet<FindingKind> {
  return new Set(findings.map(({ kind }) => kind));
}

function raise(counts: Map<string, number>, key: string): number {
  const count = (counts.get(key) ?? 0) + 1;
  counts.set(key, count);
  return count;
}
