import { isUtf8 } from "node:buffer";
import { createWriteStream, openAsBlob } from "node:fs";
import { mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { createInterface } from "node:readline";
import { pipeline } from "node:stream/promises";

import { MAX_JSON_BYTES } from "../../shared/limits.ts";
import { UsageError } from "./exit-codes.ts";

/** The argument that stands for standard input. */
export const STDIN = "-";

/**
 * Run with a file, or with standard input, which is first copied to a temporary file: its length is unknown, it may be larger
 * than memory, and a part that fails has to be sent again. Nothing is read before `run` reads it.
 */
export async function withSource<T>(
  path: string,
  signal: AbortSignal,
  run: (source: { blob: Blob; name: string | undefined }) => Promise<T>,
): Promise<T> {
  if (path !== STDIN) {
    const found = await stat(path).catch((error: unknown) => {
      throw new UsageError(error instanceof Error ? error.message : String(error));
    });
    if (!found.isFile())
      throw new UsageError(`'${path}' is not a file. Give the path of a file, or - for standard input.`);
    return run({ blob: await openAsBlob(path), name: basename(path) });
  }
  const folder = await mkdtemp(join(tmpdir(), "darkroom-"));
  try {
    const file = join(folder, "stdin");
    await pipeline(process.stdin, createWriteStream(file), { signal });
    return await run({ blob: await openAsBlob(file), name: undefined });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Return the ids as given. `-` stands for the ids on standard input: the first word of each line. */
export async function readIds(given: readonly string[]): Promise<readonly string[]> {
  const ids: string[] = [];
  for (const id of given) {
    if (id !== STDIN) {
      ids.push(id);
      continue;
    }
    for await (const line of createInterface({ input: process.stdin })) {
      const [first = ""] = line.trim().split(/\s/);
      if (first !== "") ids.push(first);
    }
  }
  if (ids.length === 0) throw new UsageError("Standard input has no id. Give one id a line.");
  return [...new Set(ids)];
}

/** Return standard input as text. It is part of a request's JSON, so a longer one would be refused. */
export async function readStdinText(): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of process.stdin as AsyncIterable<Buffer>) {
    bytes += chunk.byteLength;
    if (bytes > MAX_JSON_BYTES) {
      throw new UsageError(`Standard input has more than ${MAX_JSON_BYTES.toLocaleString("en")} bytes. Shorten it.`);
    }
    chunks.push(chunk);
  }
  const read = Buffer.concat(chunks);
  if (isUtf8(read)) return read.toString("utf8");
  throw new UsageError("Standard input is not UTF-8. Convert it first, for example with iconv.");
}
