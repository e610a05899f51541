import { retry } from "../retry.ts";

// Errors that D1's documentation says to retry (d1/best-practices/retry-queries and d1/observability/debug-d1). The statements
// here carry their own conditions, so a write that did happen before the connection broke can be repeated without harm.
const TRANSIENT =
  /Network connection lost|storage caused object to be reset|reset because its code was updated|Replica disconnected|transient issue on remote node|D1 DB is overloaded|Too many requests queued/;

/** Run a D1 call, and run it again if it fails for a passing reason: up to five times within about three seconds. */
export async function retryTransient<T>(run: () => Promise<T>): Promise<T> {
  return retry(run, {
    tries: 5,
    delayMs: (tried) => 100 * 2 ** tried * (0.5 + Math.random()),
    isPassing: (error) => TRANSIENT.test(String(error)),
  });
}
