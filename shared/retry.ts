export interface RetryRule {
  /** How often to call at most. */
  readonly tries: number;
  /** Before the next call, after this many. */
  readonly delayMs: (tried: number) => number;
  /** Whether another call can help. */
  readonly isPassing: (error: unknown) => boolean;
}

/** Call again while `call` fails for a passing reason. @throws the last call's error. */
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
