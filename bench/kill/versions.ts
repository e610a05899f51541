// Two versions of the Worker for one store: the older, and the newer that the last life runs.
import { cp, mkdir, readFile, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";

const ROOT = join(import.meta.dirname, "../..");

/** What a Worker is built from. */
const TREE = ["worker.ts", "wrangler.jsonc", "package.json", "tsconfig.json", "producer", "consumer", "shared"];

export interface Versions {
  readonly older: string;
  readonly newer: string;
}

/**
 * The older version is `from`, and this one the newer; without `from` this one is the older, and the newer is a copy of it
 * whose formats are all one higher: what it writes the older may not touch.
 */
export async function prepareVersions(folder: string, from: string | undefined): Promise<Versions> {
  if (from !== undefined) return { older: from, newer: ROOT };
  const newer = join(folder, "newer");
  await mkdir(newer, { recursive: true });
  for (const name of TREE) await cp(join(ROOT, name), join(newer, name), { recursive: true });
  await symlink(join(ROOT, "node_modules"), join(newer, "node_modules"));
  const path = join(newer, "shared/jobs/formats.ts");
  const source = await readFile(path, "utf8");
  const raised = source.replaceAll(/(MESSAGE_FORMAT = |^ {2}\w+: )1\b/gm, "$12");
  if (raised.match(/\b2[;,]$/gm)?.length !== 10)
    throw new Error(`${path} has not the ten formats that are to be raised`);
  await writeFile(path, raised);
  return { older: ROOT, newer };
}
