// Runs the cases of one program and prints a JSON line for each. The parent process counts them.

const CASE_MS = 60_000;

/** @param {Record<string, () => Promise<unknown>>} cases by name, such as `openai 7: chat.completions.create` */
export async function runCases(cases) {
  for (const [name, run] of Object.entries(cases)) {
    const timer = AbortSignal.timeout(CASE_MS);
    const late = new Promise((_, reject) => {
      timer.addEventListener("abort", () => reject(new Error(`it did not end within ${CASE_MS} ms`)));
    });
    let failure = null;
    try {
      await Promise.race([run(), late]);
    } catch (error) {
      failure = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
    }
    console.log(JSON.stringify({ name, failure }));
  }
  process.exit(0);
}

/** Throw if a condition is false. */
export function expect(condition, what) {
  if (!condition) throw new Error(typeof what === "string" ? what : JSON.stringify(what));
}
