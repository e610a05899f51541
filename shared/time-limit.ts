export interface TimeLimit {
  readonly limitMs: number;
  /** The error that ends the work when its time is up. */
  readonly onLimit: () => Error;
}

/**
 * Run work until it is done, `ended` aborts, or its time is up. The time begins when the work calls `startTimer`, so waiting
 * for a connection does not count. A binding may ignore its signal; the wait ends in any case.
 * @throws what the work throws, the reason of `ended`, or the error of `onLimit`.
 */
export async function withTimeLimit<T>(
  ended: AbortSignal | undefined,
  { limitMs, onLimit }: TimeLimit,
  run: (signal: AbortSignal, startTimer: () => void) => Promise<T>,
): Promise<T> {
  ended?.throwIfAborted();
  const stopping = new AbortController();
  const { promise: stopped, reject } = Promise.withResolvers<never>();
  const stop = (reason: unknown) => {
    stopping.abort(reason);
    reject(reason);
  };
  const onEnded = () => stop(ended?.reason);
  ended?.addEventListener("abort", onEnded);
  let stopTimer: (() => void) | undefined;
  const startTimer = () => {
    const timer = setTimeout(() => stop(onLimit()), limitMs);
    stopTimer = () => clearTimeout(timer);
  };
  try {
    return await Promise.race([run(stopping.signal, startTimer), stopped]);
  } finally {
    stopTimer?.();
    ended?.removeEventListener("abort", onEnded);
  }
}

/** Return a function that says whether less than this time has passed since now. */
export function lasting(limitMs: number): () => boolean {
  const beganAt = Date.now();
  return () => Date.now() - beganAt < limitMs;
}
