// Builds the two Workers of the test harness once, before any test runs. Otherwise every process bundles both when it starts a
// runtime, which takes it 2.7 s of CPU, and keeps a compiler that watches their files.
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { readdir, readFile, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";

import { DAY_MS } from "../shared/durations.ts";
import { keepFolder } from "./kept-folder.ts";

const ROOT = join(import.meta.dirname, "..");
/** Builds, by what they were built from. They may be deleted at any time. */
const FOLDER = join(ROOT, "node_modules/.cache/darkroom-workers");
/** What the Workers are built from. */
const SOURCES = ["consumer", "local", "producer", "shared", "test", "package-lock.json", "worker.ts", "wrangler.jsonc"];
/** The modules of the product under test, and of the scripted models behind `AI`. */
export const PRODUCT = "test/product-worker.ts";
export const SCRIPTED = "test/scripted-ai.ts";
const MAINS = [PRODUCT, SCRIPTED];
/** The environment variable that gives test processes the folder of the build. */
const PREBUILT = "DARKROOM_TEST_WORKERS";

/** Vitest calls this once, in its main process. */
export default async function setup(): Promise<void> {
  const folder = join(FOLDER, await digestOf(SOURCES));
  await keepFolder(folder, build);
  process.env[PREBUILT] = folder;
}

/**
 * Return the fields of a Worker's configuration that replace `main`, a path such as `test/name.ts`. Without a build, in a program
 * other than vitest, they are `main` itself.
 */
export function prebuilt(main: string) {
  const folder = process.env[PREBUILT];
  if (folder === undefined) return { main };
  const built = join(folder, main.replace(/^.*\//, "").replace(/\.ts$/, ".js"));
  return { main: built, no_bundle: true, find_additional_modules: false, alias: {} };
}

async function build(outdir: string): Promise<void> {
  await forgetOlder();
  for (const main of MAINS) {
    const flags = ["--compatibility-flags=nodejs_als", "--env=local", "--dry-run"];
    const args = ["deploy", main, ...flags, `--outdir=${outdir}`];
    await promisify(execFile)(process.execPath, [join(ROOT, "node_modules/wrangler/bin/wrangler.js"), ...args], {
      cwd: ROOT,
      env: { ...process.env, WRANGLER_SEND_METRICS: "false" },
    });
  }
}

/** Leave the builds of the last day: another run may have just begun with one. */
async function forgetOlder(): Promise<void> {
  for (const name of await readdir(FOLDER)) {
    const path = join(FOLDER, name);
    const { mtimeMs } = await stat(path);
    if (Date.now() - mtimeMs > DAY_MS) await rm(path, { recursive: true, force: true });
  }
}

/** A digest of the names and the contents of TypeScript, SQL and JSON files other than tests. */
async function digestOf(names: readonly string[]): Promise<string> {
  const digest = createHash("sha256");
  for (const name of names) {
    const path = join(ROOT, name);
    const isFolder = (await stat(path)).isDirectory();
    const inside = isFolder ? await readdir(path, { recursive: true }) : [""];
    const isSource = (file: string) => !isFolder || /(?<!\.test)\.(ts|sql|json)$/.test(file);
    for (const file of inside.filter(isSource).toSorted()) {
      digest.update(`${name}/${file}\n`).update(await readFile(join(path, file)));
    }
  }
  return digest.digest("hex");
}
