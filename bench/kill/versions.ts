// Two versions of the Worker for one store: the older one, and the newer one that the last life runs.
import { cp, mkdir, readdir, readFile, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { TASK_FORMATS } from "../../shared/jobs/formats.ts";

const ROOT = join(import.meta.dirname, "../..");

/** The files that a Worker is built from. */
const TREE = [
  "worker.ts",
  "wrangler.jsonc",
  "package.json",
  "tsconfig.json",
  "producer",
  "consumer",
  "shared",
  "local/worker.ts",
  "local/several-batches.ts",
  "dashboard/dist",
];

export interface Versions {
  readonly older: string;
  readonly newer: string;
}

/**
 * With `from`, that tree is the older version and this one the newer. Without it, this tree is the older version, and the newer is
 * a copy whose formats are all one higher: the older version must not touch what it writes.
 */
export async function prepareVersions(folder: string, from: string | undefined): Promise<Versions> {
  if (from !== undefined) return { older: from, newer: ROOT };
  const newer = join(folder, "newer");
  await mkdir(newer, { recursive: true });
  for (const name of TREE) await cp(join(ROOT, name), join(newer, name), { recursive: true });
  await symlink(join(ROOT, "node_modules"), join(newer, "node_modules"));
  const raised = [await raise(newer, "shared/jobs/formats.ts", /(?<=MESSAGE_FORMAT = |^ {2}\w+: )\d+\b/gm)];
  for (const kind of await readdir(join(newer, "shared/kinds"), { withFileTypes: true })) {
    if (!kind.isDirectory()) continue;
    raised.push(await raise(newer, `shared/kinds/${kind.name}/kind.ts`, /(?<=^ {2}tasks: \{.*\w+: )\d+\b/gm));
  }
  const count = raised.reduce((sum, one) => sum + one, 0);
  const expected = TASK_FORMATS.size + 1;
  if (count !== expected) throw new Error(`${count} formats were raised in ${newer}, but there are ${expected}`);
  return { older: ROOT, newer };
}

/** Raise the formats in a file. Returns how many, at least one. */
async function raise(root: string, name: string, format: RegExp): Promise<number> {
  const path = join(root, name);
  const source = await readFile(path, "utf8");
  const count = source.match(format)?.length ?? 0;
  if (count === 0) throw new Error(`${path} has no format to raise`);
  await writeFile(
    path,
    source.replaceAll(format, (found) => String(Number(found) + 1)),
  );
  return count;
}
