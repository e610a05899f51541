// Making a local database with its tables needs a start of a runtime. It is made once on each machine for the same migrations, and copied.
import { createHash } from "node:crypto";
import { cp, mkdtemp, readdir, readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { migrate } from "../local/migrate.ts";
import { keepFolder } from "./kept-folder.ts";

const ROOT = join(import.meta.dirname, "..");
const KEPT = join(ROOT, "node_modules/.cache/darkroom-migrated");
const MIGRATIONS = "shared/db/migrations";

/** Return a new folder with the result of `migrate`. The caller removes it. */
export async function migratedFolder(): Promise<string> {
  const kept = join(KEPT, await digest());
  await keepFolder(kept, (folder) => migrate({ folder, wakeGraceSeconds: 1 }));
  const folder = await mkdtemp(join(tmpdir(), "darkroom-migrated-"));
  await cp(kept, folder, { recursive: true });
  return folder;
}

async function digest(): Promise<string> {
  const migrations = (await readdir(join(ROOT, MIGRATIONS))).toSorted().map((name) => join(MIGRATIONS, name));
  const hash = createHash("sha256");
  for (const path of [...migrations, "local/migrate.ts", "local/dev-key.sql", "wrangler.jsonc", "package-lock.json"]) {
    hash.update(await readFile(join(ROOT, path)));
  }
  return hash.digest("hex");
}
