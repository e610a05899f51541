import { DarkroomError } from "../../client/index.ts";
import { pause } from "../../client/pause.ts";

const FIRST_WAIT_MS = 1000;
const LONGEST_WAIT_MS = 15_000;
/** How often a call that fails on the server is tried before the export gives up. */
const MOST_TRIES = 5;
/** No answer, an expired key, too many requests. These states pass, and do not depend on the call. */
const PASSING: ReadonlySet<number> = new Set([0, 401, 429]);

/**
 * Repeat a call for as long as the connection is gone or the key is refused, and a few times after a server error or a broken answer.
 * @param onWaiting is called with true when a wait begins, and with false when the call has succeeded.
 */
export async function patiently<T>(
  call: () => Promise<T>,
  { signal, onWaiting }: { readonly signal: AbortSignal; readonly onWaiting: (isWaiting: boolean) => void },
): Promise<T> {
  let waitMs = FIRST_WAIT_MS;
  for (let tries = 1; ;) {
    try {
      const answer = await call();
      if (waitMs > FIRST_WAIT_MS) onWaiting(false);
      return answer;
    } catch (error) {
      signal.throwIfAborted();
      const status = error instanceof DarkroomError ? error.status : null;
      const isPassing = status !== null && PASSING.has(status);
      if (!isPassing) {
        if ((status !== null && status < 500) || tries >= MOST_TRIES) throw error;
        tries += 1;
      }
      onWaiting(true);
      await pause(waitMs, signal);
      waitMs = Math.min(2 * waitMs, LONGEST_WAIT_MS);
    }
  }
}
