import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { gzipSync } from "node:zlib";

import type { Page } from "playwright-core";

const ASSETS = join(import.meta.dirname, "../../dashboard/dist/assets");

/** JavaScript in kB of a thousand bytes, each file compressed by itself as it is sent. */
export async function gzipKb(names: readonly string[]): Promise<number> {
  let bytes = 0;
  for (const name of names) bytes += gzipSync(await readFile(join(ASSETS, name))).length;
  return bytes / 1000;
}

export async function allScripts(): Promise<readonly string[]> {
  return (await readdir(ASSETS)).filter((name) => name.endsWith(".js"));
}

/** Notes the scripts that a page asks for from now on. */
export function noteScripts(page: Page): ReadonlySet<string> {
  const names = new Set<string>();
  page.on("request", (request) => {
    const [, name] = /\/assets\/([^/?]+\.js)$/.exec(request.url()) ?? [];
    if (name !== undefined) names.add(name);
  });
  return names;
}
