/**
 * How slowly the weight of a place falls from the first place on. 60 is the value of the paper: G. Cormack, C. Clarke and
 * S. Büttcher, "Reciprocal Rank Fusion outperforms Condorcet and individual Rank Learning Methods", SIGIR 2009.
 */
const K = 60;

export interface Fused<Ranking extends string> {
  readonly id: string;
  readonly score: number;
  /** The rankings that contain it. */
  readonly foundBy: readonly Ranking[];
}

/** Join rankings whose scores cannot be compared, only by their places. The best comes first. */
export function fuse<Ranking extends string>(
  rankings: readonly { readonly name: Ranking; readonly ids: readonly string[] }[],
  limit: number,
): readonly Fused<Ranking>[] {
  const fused = new Map<string, { score: number; foundBy: Ranking[] }>();
  for (const { name, ids } of rankings) {
    for (const [index, id] of ids.entries()) {
      const entry = fused.get(id) ?? { score: 0, foundBy: [] };
      entry.score += 1 / (K + index + 1);
      entry.foundBy.push(name);
      fused.set(id, entry);
    }
  }
  return [...fused]
    .map(([id, entry]) => ({ id, ...entry }))
    .toSorted((a, b) => b.score - a.score)
    .slice(0, limit);
}
