/** R2's short faults must cost neither an attempt nor, after the model has answered, a second call. */
const TRIES = 4;

/** Call R2 again while it fails: up to four times within about three seconds. `isFinal` says which errors no try would cure. */
export async function patiently<T>(
  call: () => Promise<T>,
  isFinal: (error: unknown) => boolean = () => false,
): Promise<T> {
  for (let tried = 1; ; tried += 1) {
    try {
      return await call();
    } catch (error) {
      if (tried === TRIES || isFinal(error)) throw error;
      await new Promise((resolve) => setTimeout(resolve, 200 * 2 ** tried));
    }
  }
}
