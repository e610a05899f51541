import { retry } from "../retry.ts";

/**
 * Call R2 again while it fails: up to four times within about three seconds. Its short faults must cost neither an attempt nor,
 * after the model has answered, a second call. `isFinal` says which errors no further call would cure.
 */
export async function patiently<T>(
  call: () => Promise<T>,
  isFinal: (error: unknown) => boolean = () => false,
): Promise<T> {
  return retry(call, { tries: 4, delayMs: (tried) => 200 * 2 ** tried, isPassing: (error) => !isFinal(error) });
}
