import { spawn } from "node:child_process";

const LIMIT_MS = 300_000;

export interface Ran {
  readonly ok: boolean;
  /** What it printed, on both streams. */
  readonly output: string;
}

/** Run a tool in a folder until it ends, at most five minutes. */
export async function runTool(
  tool: string,
  args: readonly string[],
  { folder, env = {} }: { folder: string; env?: Readonly<Record<string, string>> },
): Promise<Ran> {
  const child = spawn(tool, args, {
    cwd: folder,
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "pipe"],
    timeout: LIMIT_MS,
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8");
    stream.on("data", (text: string) => {
      output += text;
    });
  }
  return new Promise((resolve) => {
    child.on("error", (error) => resolve({ ok: false, output: error.message }));
    child.on("close", (code) => resolve({ ok: code === 0, output }));
  });
}
