import { execFile, spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { availableParallelism, tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import pLimit from "p-limit";
import { findCommand } from "./find-command.ts";
import type { Recogniser, Word } from "./recogniser.ts";
import { splitWindows, type Window } from "./windows.ts";

const run = promisify(execFile);

const TIMEOUT_MS = 5 * 60 * 1000;

// Each uses one thread: running more of them than there are cores only slows all of them down.
const limit = pLimit(availableParallelism());

// As accurate as the defaults on our samples, and a third faster.
const SEARCH_OPTIONS = ["-fwdflat", "no", "-maxhmmpf", "8000", "-maxwpf", "20"];

/** English only, even if the caller requests another language. The answer says so in `language`. */
export function pocketsphinx(): Recogniser | undefined {
  const command = findCommand("pocketsphinx_batch");
  const model = command === undefined ? undefined : findModel(command);
  if (command === undefined || model === undefined) return undefined;
  const options = [...modelOptions(model), ...SEARCH_OPTIONS, ...silenceOptions(command)];
  return {
    engine: "pocketsphinx/en-us",
    async recognise(samples, { signal }) {
      const windows = splitWindows(samples);
      const words = await limit.map(windows, (window) => recogniseWindow(command, options, window, signal));
      return { words: words.flat(), language: "en" };
    },
  };
}

function findModel(command: string): string | undefined {
  // Debian installs it under /usr, Homebrew under its own prefix, which is also where the command is.
  const prefixes = [dirname(dirname(command)), "/usr", "/opt/homebrew", "/usr/local"];
  const folders = prefixes.map((prefix) => join(prefix, "share/pocketsphinx/model/en-us"));
  return folders.find((folder) => existsSync(join(folder, "en-us.lm.bin")));
}

function modelOptions(folder: string): readonly string[] {
  const hmm = ["-hmm", join(folder, "en-us")];
  return [...hmm, "-lm", join(folder, "en-us.lm.bin"), "-dict", join(folder, "cmudict-en-us.dict")];
}

/**
 * Versions 0.8 and 5prealpha drop silent frames and then do not count them: a word after three seconds of silence is
 * reported three seconds early. Version 5 does not have this option, and refuses unknown options.
 */
function silenceOptions(command: string): readonly string[] {
  const { stdout, stderr } = spawnSync(command, { encoding: "utf8", input: "" });
  return `${stdout}${stderr}`.includes("-remove_silence") ? ["-remove_silence", "no"] : [];
}

async function recogniseWindow(
  command: string,
  options: readonly string[],
  window: Window,
  signal: AbortSignal,
): Promise<readonly Word[]> {
  signal.throwIfAborted();
  const folder = await mkdtemp(join(tmpdir(), "darkroom-speech-"));
  try {
    const { buffer, byteOffset, byteLength } = window.samples;
    await writeFile(join(folder, "window.raw"), new Uint8Array(buffer, byteOffset, byteLength));
    await writeFile(join(folder, "windows.ctl"), "window\n");
    const files = ["-adcin", "yes", "-cepdir", folder, "-cepext", ".raw", "-ctl", join(folder, "windows.ctl")];
    const results = ["-ctm", join(folder, "words.ctm"), "-logfn", "/dev/null"];
    await run(command, [...options, ...files, ...results], { signal, timeout: TIMEOUT_MS });
    return parseCtm(await readFile(join(folder, "words.ctm"), "utf8"), window.startSeconds);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Parse one word a line: `utterance channel start duration word confidence`. */
export function parseCtm(ctm: string, offsetSeconds: number): readonly Word[] {
  return ctm.split("\n").flatMap((line): Word[] => {
    const [, , start, duration, token] = line.trim().split(/\s+/);
    if (start === undefined || duration === undefined || token === undefined) return [];
    const word = token.replace(/\(\d+\)$/, "");
    // <sil>, [NOISE] and ++BREATH++ are sounds, not words.
    if (/^[<[+]/.test(word)) return [];
    const from = offsetSeconds + Number(start);
    return [{ word, start: toCentiseconds(from), end: toCentiseconds(from + Number(duration)) }];
  });
}

/** The recogniser counts in hundredths. Rounding removes the false precision of summed floats. */
function toCentiseconds(seconds: number): number {
  return Math.round(seconds * 100) / 100;
}
