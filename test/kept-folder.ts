import { mkdir, mkdtemp, rename, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";

/**
 * Make a folder of a cache once on each machine. `make` fills a folder of another name first: one that is interrupted must not be taken
 * for a whole one, and another process may be at it.
 */
export async function keepFolder(kept: string, make: (unfinished: string) => Promise<unknown>): Promise<void> {
  if (await isThere(kept)) return;
  await mkdir(dirname(kept), { recursive: true });
  const unfinished = await mkdtemp(join(dirname(kept), "unfinished-"));
  try {
    await make(unfinished);
    await rename(unfinished, kept).catch(async (error: unknown) => {
      if (!(await isThere(kept))) throw error;
    });
  } finally {
    await rm(unfinished, { recursive: true, force: true });
  }
}

async function isThere(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
