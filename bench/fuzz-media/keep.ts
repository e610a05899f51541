import { mkdir, readFile, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";

import type { Drawn } from "./draw.ts";
import type { Finding } from "./judge.ts";

/** The description that is written next to the bytes. */
interface Kept {
  readonly container: string;
  readonly name: string;
  readonly seed: number;
  readonly number: number;
  readonly findings: readonly Finding[];
  readonly bytes: string;
}

/** Write the description and the bytes of a case that failed, so that it can be replayed. */
export async function keepFinding(
  folder: string,
  { container, name, bytes }: Drawn,
  found: Pick<Kept, "seed" | "number" | "findings">,
): Promise<string> {
  await mkdir(folder, { recursive: true });
  const path = join(folder, `${container}-${found.seed}-${found.number}.json`);
  const bytesPath = path.replace(/json$/, "bin");
  await writeFile(bytesPath, bytes);
  await writeFile(
    path,
    `${JSON.stringify({ container, name, ...found, bytes: basename(bytesPath) } satisfies Kept, null, 2)}\n`,
  );
  return path;
}

/** Read a finding that was kept, or any other file as bytes. */
export async function readFinding(path: string): Promise<Drawn> {
  if (!path.endsWith(".json"))
    return { container: "?", name: basename(path), bytes: new Uint8Array(await readFile(path)) };
  const { container, name, bytes } = JSON.parse(await readFile(path, "utf8")) as Kept;
  return { container, name, bytes: new Uint8Array(await readFile(join(dirname(path), bytes))) };
}
