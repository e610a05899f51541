// `bin/darkroom` without a separate process, which would cost 200 ms of CPU each time.
import { AsyncLocalStorage } from "node:async_hooks";
import { PassThrough, Readable } from "node:stream";

import { runCommand } from "../client/cli/run-command.ts";

const STREAMS = ["stdin", "stdout", "stderr"] as const;

export interface Ran {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly bytes: Buffer;
}

interface Surroundings {
  readonly env: Readonly<Record<string, string>>;
  /** The folder for relative paths. */
  readonly folder: string;
  readonly stdin?: string | Uint8Array;
}

type Streams = Readonly<Record<(typeof STREAMS)[number], Readable | PassThrough>>;

/** The streams of the command. Only calls of the command see them, because the tests' runtime may write at the same time. */
const streams = new AsyncLocalStorage<Streams>();
let areReplaced = false;

/** Run one command at a time, because the environment, the folder and the exit code belong to the process. */
export async function runInProcess(given: readonly string[], { env, folder, stdin }: Surroundings): Promise<Ran> {
  replaceStreams();
  const [out, err] = [new PassThrough(), new PassThrough()];
  const [stdout, stderr] = [collect(out), collect(err)];
  const before = { env: { ...process.env }, folder: process.cwd(), code: process.exitCode };
  Object.assign(process.env, env);
  process.chdir(folder);
  process.exitCode = undefined;
  try {
    const input = Readable.from(stdin === undefined ? [] : [Buffer.from(stdin)]);
    await streams.run({ stdin: input, stdout: out, stderr: err }, () => runCommand(given));
    out.end();
    err.end();
    const bytes = await stdout;
    return {
      code: process.exitCode ?? 0,
      stdout: bytes.toString(),
      stderr: (await stderr).toString(),
      bytes,
    };
  } finally {
    process.env = before.env;
    process.chdir(before.folder);
    process.exitCode = before.code;
  }
}

function replaceStreams(): void {
  if (areReplaced) return;
  areReplaced = true;
  for (const name of STREAMS) {
    const own = Object.getOwnPropertyDescriptor(process, name);
    Object.defineProperty(process, name, {
      configurable: true,
      enumerable: true,
      get: () => streams.getStore()?.[name] ?? own?.get?.call(process) ?? own?.value,
    });
  }
}

async function collect(stream: PassThrough): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}
