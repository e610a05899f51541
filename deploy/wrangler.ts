// The only access to the account: the wrangler from the lock file, always with production's configuration.
import { spawn } from "node:child_process";
import { join } from "node:path";

export const ROOT = join(import.meta.dirname, "..");

/** Selects the top level of wrangler.jsonc, even if CLOUDFLARE_ENV names another environment. */
export const PRODUCTION = "--env=";

export interface Ran {
  readonly ok: boolean;
  readonly stdout: string;
  /** Everything that it printed, for people to read and for error codes. */
  readonly output: string;
}

export interface Wrangler {
  /** Query the account silently. In a dry run the result is always "does not exist". */
  look(...args: readonly string[]): Promise<Ran>;
  /** Print a command, run it and show its output as it comes. A dry run only prints. */
  run(...args: readonly string[]): Promise<Ran>;
  /** Print a command and run it without its output, for commands that run in parallel. A dry run only prints. */
  make(...args: readonly string[]): Promise<Ran>;
  readonly isDryRun: boolean;
}

const PROGRAM = join(ROOT, "node_modules/wrangler/bin/wrangler.js");

/** An upper limit. The longest command, the upload of the Worker, takes a minute on a slow line. */
const TIME_LIMIT_MS = 10 * 60_000;

/** What to run, and its time limit. */
interface Limited {
  readonly program: string;
  readonly timeLimitMs: number;
}

const QUIET = () => {};
const NOTHING: Ran = { ok: false, stdout: "", output: "" };

export function createWrangler({
  isDryRun,
  program = PROGRAM,
  timeLimitMs = TIME_LIMIT_MS,
}: { readonly isDryRun: boolean } & Partial<Limited>): Wrangler {
  const limited = { program, timeLimitMs };
  const print = async (args: readonly string[], show: (text: string) => void): Promise<Ran> => {
    console.log(`+ wrangler ${[...args, PRODUCTION].map(quoted).join(" ")}`);
    return isDryRun ? { ...NOTHING, ok: true } : start(args, show, limited);
  };
  return {
    isDryRun,
    look: async (...args) => (isDryRun ? NOTHING : start(args, QUIET, limited)),
    run: async (...args) => print(args, (text) => process.stdout.write(text)),
    make: async (...args) => print(args, QUIET),
  };
}

/** Quote an argument for a shell, so that a printed command can be run by hand. */
export function quoted(arg: string): string {
  return /^[\w@%+=:,./-]+$/.test(arg) ? arg : `'${arg.replaceAll("'", String.raw`'\''`)}'`;
}

/** Run a command. One that hangs is stopped and counts as failed; its last line says so. */
async function start(
  args: readonly string[],
  show: (text: string) => void,
  { program, timeLimitMs }: Limited,
): Promise<Ran> {
  // Without a terminal, wrangler asks no questions and uses its defaults.
  const child = spawn(process.execPath, [program, ...args, PRODUCTION], {
    cwd: ROOT,
    env: { ...process.env, CLOUDFLARE_ENV: "" },
    stdio: ["ignore", "pipe", "pipe"],
    timeout: timeLimitMs,
    killSignal: "SIGKILL",
  });
  let stdout = "";
  let output = "";
  const read = (text: string) => {
    output += text;
    show(text);
  };
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    stdout += text;
    read(text);
  });
  child.stderr.setEncoding("utf8").on("data", read);
  const exitCode = await new Promise<number | null>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", resolve);
    child.on("exit", () => {
      // A process that wrangler started may still run and hold its output open.
      if (child.killed) for (const stream of [child.stdout, child.stderr]) stream.destroy();
    });
  });
  if (child.killed) read(stoppedAfter(timeLimitMs, args));
  return { ok: exitCode === 0, stdout, output };
}

function stoppedAfter(timeLimitMs: number, args: readonly string[]): string {
  const command = ["wrangler", ...args, PRODUCTION].map(quoted).join(" ");
  const afterSeconds = Math.round(timeLimitMs / 1000);
  return `\n'${command}' did not end within ${afterSeconds} seconds and was stopped. See whether this machine reaches https://api.cloudflare.com and whether https://www.cloudflarestatus.com reports a fault, then run this again. It continues from what exists.\n`;
}
