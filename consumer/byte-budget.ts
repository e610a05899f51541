/**
 * How many bytes of media the tasks of one batch may hold at once. Tasks run side by side in one isolate of 128 MB;
 * ten long recordings would end it, and with it every neighbour.
 */
export interface ByteBudget {
  /** Run `work` when `bytes` are free. More than the whole budget runs alone. */
  spend<T>(bytes: number, work: () => Promise<T>): Promise<T>;
}

export function byteBudget(totalBytes: number): ByteBudget {
  let freeBytes = totalBytes;
  const waiting: { readonly bytes: number; readonly start: () => void }[] = [];

  // First come, first served: a large one is not starved by small ones.
  function admit(): void {
    for (let next = waiting[0]; next !== undefined && next.bytes <= freeBytes; next = waiting[0]) {
      waiting.shift();
      freeBytes -= next.bytes;
      next.start();
    }
  }

  return {
    async spend(bytes, work) {
      const share = Math.min(bytes, totalBytes);
      await new Promise<void>((start) => {
        waiting.push({ bytes: share, start });
        admit();
      });
      try {
        return await work();
      } finally {
        freeBytes += share;
        admit();
      }
    },
  };
}
