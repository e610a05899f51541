import { type Figure, note, print } from "../report.ts";

/** Something that the code under test cannot do, to be reported on the case's line. Any other error is the benchmark's own. */
export class Finding extends Error {
  override readonly name = "Finding";
}

/** Run code under test. Any error that it throws is a finding. */
export async function underTest<T>(what: string, run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    throw new Finding(`${what}: ${String(error)}`, { cause: error });
  }
}

/** Print the figures of one case, or the finding, and continue. */
export async function measure(name: string, run: () => Promise<readonly Figure[]>): Promise<void> {
  note(name);
  try {
    for (const figure of await run()) print(figure);
  } catch (error) {
    if (!(error instanceof Finding)) process.exitCode = 1;
    print({ case: name, value: Number.NaN, unit: "", error: String(error) });
  }
}
