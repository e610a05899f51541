import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";

import { SNIFF_BYTES } from "../../shared/limits.ts";
import type { JobKind, JobWork } from "../../shared/kinds/index.ts";
import { routeUpload } from "../../shared/uploads/route-upload.ts";

/** A file of the user's, and the kind of job that it becomes. */
export interface Input {
  readonly name: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly work: JobWork;
}

export interface Inputs {
  readonly taken: readonly Input[];
  /** Files that do not become a job, with the reason. */
  readonly ignored: readonly { readonly name: string; readonly reason: string }[];
}

/**
 * Read the files of a folder, without subfolders. `kind` is the kind of job that they become; without it their bytes decide.
 * @throws an Error if the folder does not exist.
 */
export async function readInputs(folder: string, kind?: JobKind): Promise<Inputs> {
  const entries = await readdir(folder, { withFileTypes: true });
  const names = entries.filter((entry) => entry.isFile()).map(({ name }) => name);
  const taken: Input[] = [];
  const ignored: { name: string; reason: string }[] = [];
  for (const name of names.toSorted()) {
    const bytes = new Uint8Array(await readFile(join(folder, name)));
    const source = { key: `inbox/${name}`, etag: "", sizeBytes: bytes.length };
    const metadata: Record<string, string> = kind === undefined ? {} : { kind };
    const route = await routeUpload({ source, head: bytes.subarray(0, SNIFF_BYTES), metadata }, { hasImages: false });
    if (route.type === "job") taken.push({ name, bytes, work: route.work });
    else ignored.push({ name, reason: route.reason });
  }
  return { taken, ignored };
}
