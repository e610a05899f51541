// Making a local database with its tables needs a start of a runtime. It is made once on each machine for the same migrations, and copied.
import { createHash } from "node:crypto";
import { cp, mkdir, mkdtemp, readdir, readFile, rename, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { migrate } from "../local/migrate.ts";

const ROOT = join(import.meta.dirname, "..");
const KEPT = join(ROOT, "node_modules/.cache/darkroom-migrated");
const MIGRATIONS = "shared/db/migrations";

/** Return a new folder with the result of `migrate`. The caller removes it. */
export async function migratedFolder(): Promise<string> {
  const kept = join(KEPT, await digest());
  if (!(await isThere(kept))) await keep(kept);
  const folder = await mkdtemp(join(tmpdir(), "darkroom-migrated-"));
  await cp(kept, folder, { recursive: true });
  return folder;
}

async function keep(kept: string): Promise<void> {
  await mkdir(KEPT, { recursive: true });
  const unfinished = await mkdtemp(join(KEPT, "unfinished-"));
  try {
    await migrate({ folder: unfinished, wakeGraceSeconds: 1 });
    // Another process may have made it first.
    await rename(unfinished, kept).catch(async (error: unknown) => {
      if (!(await isThere(kept))) throw error;
    });
  } finally {
    await rm(unfinished, { recursive: true, force: true });
  }
}

async function digest(): Promise<string> {
  const migrations = (await readdir(join(ROOT, MIGRATIONS))).toSorted().map((name) => join(MIGRATIONS, name));
  const hash = createHash("sha256");
  for (const path of [...migrations, "local/migrate.ts", "local/dev-key.sql", "wrangler.jsonc", "package-lock.json"]) {
    hash.update(await readFile(join(ROOT, path)));
  }
  return hash.digest("hex");
}

async function isThere(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
