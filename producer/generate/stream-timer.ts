import type { StreamTimes } from "../../shared/models/model-call.ts";

/** Fewer tokens after the first say too little about how fast a model writes. */
const MIN_TOKENS = 10;

/**
 * The least share of the time that has to be spent waiting for the model. A client that reads slowly holds the model back, and its
 * speed then says nothing about the model.
 */
const LEAST_WAITED = 0.5;

export interface StreamTimer {
  /** Wait for the model's next bytes. */
  waitFor<T>(bytes: Promise<T>): Promise<T>;
  /** Note that so many tokens have just come. */
  wrote(tokens: number): void;
  times(): StreamTimes;
}

/** Measure a stream. `startedAt` is when the model was asked. All times are epoch milliseconds; `now` is the clock. */
export function streamTimer(startedAt: number, now: () => number = Date.now): StreamTimer {
  let waitedMs = 0;
  let heldMs = 0;
  let lastReadAt: number | null = null;
  let first: { readonly at: number; readonly waitedMs: number } | null = null;
  let last = { at: 0, waitedMs: 0 };
  let tokensAfterFirst = 0;
  return {
    async waitFor(bytes) {
      const from = now();
      if (first === null && lastReadAt !== null) heldMs += from - lastReadAt;
      try {
        return await bytes;
      } finally {
        lastReadAt = now();
        waitedMs += lastReadAt - from;
      }
    },
    wrote(tokens) {
      if (tokens === 0) return;
      last = { at: now(), waitedMs };
      if (first === null) first = last;
      else tokensAfterFirst += tokens;
    },
    times() {
      if (first === null) return {};
      const firstTextMs = first.at - startedAt;
      // Events without a text may come first, and the text may then have waited for the client.
      if (heldMs > (1 - LEAST_WAITED) * firstTextMs) return {};
      const elapsedMs = last.at - first.at;
      const isModels = last.waitedMs - first.waitedMs >= LEAST_WAITED * elapsedMs;
      if (tokensAfterFirst < MIN_TOKENS || elapsedMs === 0 || !isModels) return { firstTextMs };
      return { firstTextMs, tokensASecond: (tokensAfterFirst * 1000) / elapsedMs };
    },
  };
}
