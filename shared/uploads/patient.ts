import { retry } from "../retry.ts";

/**
 * Call R2, and call it again while it fails: up to four times within about three seconds. A short fault of R2 must not cost an
 * attempt or, after the model has answered, a second call. `isFinal` says which errors another call cannot cure.
 */
export async function patiently<T>(
  call: () => Promise<T>,
  isFinal: (error: unknown) => boolean = () => false,
): Promise<T> {
  return retry(call, { tries: 4, delayMs: (tried) => 200 * 2 ** tried, isPassing: (error) => !isFinal(error) });
}
