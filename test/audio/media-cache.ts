// Recordings that tests make with ffmpeg and flite are made once on each machine. The result of the same arguments, the same inputs and
// the same version of ffmpeg is read from `node_modules/.cache`, which may be deleted at any time.
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { constants } from "node:fs";
import { copyFile, mkdir, readFile, rename, rm, stat } from "node:fs/promises";
import { extname, join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);
const FOLDER = join(import.meta.dirname, "../../node_modules/.cache/darkroom-media");

/** Options that make an encoder two to seven times as fast. The lower quality does not affect a comparison. */
const FASTEST: Readonly<Record<string, readonly string[]>> = {
  aac: ["-aac_coder", "fast"],
  libopus: ["-compression_level", "0"],
};

let ffmpegVersion: Promise<string> | undefined;

/** Run ffmpeg. The last argument is the output file. Input files are identified by their content. */
export async function ffmpeg(given: readonly string[]): Promise<void> {
  const args = given.flatMap((arg, index) => [arg, ...(given[index - 1] === "-c:a" ? (FASTEST[arg] ?? []) : [])]);
  ffmpegVersion ??= run("ffmpeg", ["-version"]).then(({ stdout }) => stdout);
  const output = args.at(-1) ?? "";
  const isFile = (index: number) => args[index - 1] === "-i" && args[index - 2] !== "lavfi";
  const known = args.slice(0, -1).map(async (arg, index) => (isFile(index) ? digestOf(arg) : arg));
  const recipe = [await ffmpegVersion, ...(await Promise.all(known))];
  await made(recipe, output, async (path) => {
    await run("ffmpeg", ["-v", "error", "-nostdin", "-y", ...args.slice(0, -1), path], { maxBuffer: 1 << 26 });
  });
}

/** Write the speech of flite to a WAV file. */
export async function flite(text: string, output: string): Promise<void> {
  await made(["flite", text], output, async (path) => {
    await run("flite", ["-t", text, "-o", path]);
  });
}

/** Copy the result of a recipe to `output`. A new result is first written under another name, because another process may write it too. */
async function made(recipe: readonly string[], output: string, make: (path: string) => Promise<void>): Promise<void> {
  const extension = extname(output);
  const name = createHash("sha256")
    .update(JSON.stringify([extension, ...recipe]))
    .digest("hex");
  const kept = join(FOLDER, `${name}${extension}`);
  if (await isCopied(kept, output)) return;
  await mkdir(FOLDER, { recursive: true });
  const unfinished = join(FOLDER, `${crypto.randomUUID()}${extension}`);
  try {
    await make(unfinished);
    await rename(unfinished, kept);
  } finally {
    await rm(unfinished, { force: true });
  }
  await copyFile(kept, output, constants.COPYFILE_FICLONE);
}

async function isCopied(from: string, to: string): Promise<boolean> {
  try {
    await copyFile(from, to, constants.COPYFILE_FICLONE);
    return true;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return false;
    throw error;
  }
}

/** Digests of files by path, size and time, because the same recording is encoded many times. */
const digests = new Map<string, string>();

async function digestOf(path: string): Promise<string> {
  const { size, mtimeMs, ino } = await stat(path);
  const name = JSON.stringify([path, size, mtimeMs, ino]);
  const digest =
    digests.get(name) ??
    createHash("sha256")
      .update(await readFile(path))
      .digest("hex");
  digests.set(name, digest);
  return digest;
}
