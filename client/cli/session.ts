import { type Command, InvalidArgumentError } from "commander";

import { type Step, STEPS } from "../../shared/jobs/steps.ts";
import { type Client, createClient } from "../index.ts";
import { EXIT, type ExitCode, exitCodeOf, UsageError } from "./exit-codes.ts";
import { printError } from "./output.ts";

/** What every command needs to run. */
export interface Session {
  readonly client: Client;
  readonly isJson: boolean;
  /** Aborted by Ctrl-C. */
  readonly signal: AbortSignal;
}

interface GlobalOptions {
  readonly url?: string;
  readonly key?: string;
  readonly json?: boolean;
}

const DEFAULT_URL = "http://localhost:8787";
/** The key in local/dev-key.sql. It works only on a Darkroom on this machine. */
const LOCAL_KEY = "dk_local_localdevelopmentonly0123456789ab";

/** Make a commander action from a function that takes a session and returns an exit code. */
export function action<Arguments extends unknown[]>(
  run: (session: Session, ...given: Arguments) => Promise<ExitCode>,
): (...given: [...Arguments, Command]) => Promise<void> {
  return async (...given) => {
    const command = given.at(-1) as Command;
    const options = command.optsWithGlobals<GlobalOptions>();
    const isJson = options.json === true;
    const stopping = new AbortController();
    const stop = () => stopping.abort(new Error("interrupted"));
    // Once: a second Ctrl-C ends the process at once.
    for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, stop);
    try {
      const session = { client: connect(options), isJson, signal: stopping.signal };
      process.exitCode = await run(session, ...(given.slice(0, -1) as Arguments));
    } catch (error) {
      process.exitCode = stopping.signal.aborted ? EXIT.interrupted : exitCodeOf(error);
      printError(stopping.signal.aborted ? stopping.signal.reason : error, { isJson });
    } finally {
      for (const signal of ["SIGINT", "SIGTERM"] as const) process.off(signal, stop);
    }
  };
}

/** Run for each value. An error with one is printed and does not stop the others. */
export async function forEach(
  { isJson, signal }: Session,
  subjects: readonly string[],
  run: (subject: string) => Promise<ExitCode>,
): Promise<readonly ExitCode[]> {
  const codes: ExitCode[] = [];
  for (const subject of subjects) {
    try {
      codes.push(await run(subject));
    } catch (error) {
      signal.throwIfAborted();
      printError(error, { isJson, subject });
      codes.push(exitCodeOf(error));
    }
  }
  return codes;
}

/** Parse an option's value as a JSON object. */
export function parseJsonObject(text: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new InvalidArgumentError(`The value is not JSON: ${String(error)}`);
  }
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw new InvalidArgumentError("The value is JSON, but not an object.");
}

export function parseCount(text: string): number {
  const count = Number(text);
  if (!Number.isSafeInteger(count) || count < 1) throw new InvalidArgumentError("Give a whole number above 0.");
  return count;
}

/** Parse an amount of neurons. */
export function parseNeurons(text: string): number {
  const neurons = Number(text);
  if (text.trim() === "" || !Number.isFinite(neurons) || neurons <= 0) {
    throw new InvalidArgumentError("Give a number above 0.");
  }
  return neurons;
}

/** Collect an option that names a step of a job and may be repeated. */
export function collectStep(value: string, before: readonly Step[] = []): readonly Step[] {
  const step = STEPS.find((known) => known === value);
  if (step === undefined) throw new InvalidArgumentError(`Allowed choices are ${STEPS.join(", ")}.`);
  return [...before, step];
}

/** Collect an option that may be repeated. A variadic option would also take the arguments after it. */
export function collect(value: string, before: readonly string[] = []): readonly string[] {
  return [...before, value];
}

/** Collect an option `name=value` that may be repeated. */
export function collectPair(text: string, before: Readonly<Record<string, string>> = {}): Record<string, string> {
  const [, name, value] = /^([^=]+)=(.*)$/s.exec(text) ?? [];
  if (name === undefined || value === undefined)
    throw new InvalidArgumentError("The value does not have the form KEY=VALUE.");
  return { ...before, [name]: value };
}

function connect(options: GlobalOptions): Client {
  const baseUrl = options.url ?? process.env["DARKROOM_URL"] ?? DEFAULT_URL;
  const url = URL.parse(baseUrl);
  if (url === null || !/^https?:$/.test(url.protocol))
    throw new UsageError(`'${baseUrl}' is not an http(s) URL. Correct DARKROOM_URL, or give --url.`);
  const isLocal = ["localhost", "127.0.0.1", "[::1]"].includes(url.hostname);
  const key = options.key ?? process.env["DARKROOM_KEY"] ?? (isLocal ? LOCAL_KEY : "");
  if (key === "") throw new UsageError("There is no API key. Set DARKROOM_KEY, or give --key.");
  if (!/^[\x21-\x7e]+$/.test(key))
    throw new UsageError("The API key has characters that a key never contains. Copy it again, without spaces.");
  return createClient({ baseUrl, key });
}
