export interface Scored<T> {
  readonly score: number;
  readonly value: T;
}

/** Keep the best `k` of any number of items, in a heap whose root is the worst of them, which is replaced next. */
export function topK<T>(k: number) {
  const heap: Scored<T>[] = [];
  const scoreAt = (index: number) => heap[index]?.score ?? Number.POSITIVE_INFINITY;

  function swap(a: number, b: number): void {
    const [first, second] = [heap[a], heap[b]];
    if (first === undefined || second === undefined) return;
    heap[a] = second;
    heap[b] = first;
  }

  function rise(from: number): void {
    for (let index = from; index > 0;) {
      const parent = (index - 1) >> 1;
      if (scoreAt(parent) <= scoreAt(index)) return;
      swap(index, parent);
      index = parent;
    }
  }

  function sink(): void {
    for (let index = 0; ;) {
      const left = 2 * index + 1;
      const smaller = scoreAt(left + 1) < scoreAt(left) ? left + 1 : left;
      if (scoreAt(index) <= scoreAt(smaller)) return;
      swap(index, smaller);
      index = smaller;
    }
  }

  return {
    show(score: number, value: T): void {
      if (heap.length < k) {
        rise(heap.push({ score, value }) - 1);
      } else if (score > scoreAt(0)) {
        heap[0] = { score, value };
        sink();
      }
    },
    /** The items, the best first. */
    best: (): readonly Scored<T>[] => heap.toSorted((a, b) => b.score - a.score),
  };
}
