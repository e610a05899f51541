export interface RetryRule {
  /** How often to call at most. */
  readonly tries: number;
  /** The delay before the next call, after this many calls. */
  readonly delayMs: (tried: number) => number;
  /** Whether another call can help. */
  readonly isPassing: (error: unknown) => boolean;
}

/** Call, and call again while it fails for a passing reason. @throws the last call's error. */
export async function retry<T>(call: () => Promise<T>, { tries, delayMs, isPassing }: RetryRule): Promise<T> {
  for (let tried = 1; ; tried += 1) {
    try {
      return await call();
    } catch (error) {
      if (tried === tries || !isPassing(error)) throw error;
      await new Promise((resolve) => setTimeout(resolve, delayMs(tried)));
    }
  }
}
