import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

import { type Figure, median, round } from "./report.ts";

const STARTS = 3;

/** The fields of a V8 CPU profile that are used here: the function of each sample, and the microseconds between samples. */
interface CpuProfile {
  readonly nodes: readonly { readonly id: number; readonly callFrame: { readonly functionName: string } }[];
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
}

/** Measure the compressed size of what `npm run deploy` would upload, and the CPU time of its top level before the first request. */
export async function measureBundle(): Promise<readonly Figure[]> {
  const folder = await mkdtemp(join(tmpdir(), "darkroom-bench-"));
  try {
    const deployed = await gzipKb(join(folder, "deployed"));
    const starts: number[] = [];
    for (let index = 0; index < STARTS; index += 1)
      starts.push(await startupCpuMs(join(folder, `${index}.cpuprofile`)));
    return [
      { case: "worker.gzipKb", value: deployed, unit: "KiB" },
      {
        case: "worker.startupCpuMs",
        value: round(median(starts), 1),
        unit: "ms",
        starts: starts.map((ms) => round(ms, 1)),
        note: "on this machine; sampled CPU time that is not idle, garbage collection included",
      },
    ];
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function gzipKb(outdir: string): Promise<number> {
  const output = await wrangler(["deploy", "--dry-run", "--outdir", outdir]);
  const [, kib] = /gzip: ([\d.]+) KiB/.exec(output) ?? [];
  if (kib === undefined) throw new Error(`wrangler reported no gzip size:\n${output}`);
  return Number(kib);
}

async function startupCpuMs(outfile: string): Promise<number> {
  await wrangler(["check", "startup", "--outfile", outfile]);
  const { nodes, samples, timeDeltas }: CpuProfile = JSON.parse(await readFile(outfile, "utf8"));
  const idle = new Set(nodes.filter(({ callFrame }) => callFrame.functionName === "(idle)").map(({ id }) => id));
  const active = timeDeltas.filter((_, index) => !idle.has(samples[index] ?? 0));
  return active.reduce((sum, microseconds) => sum + microseconds, 0) / 1000;
}

async function wrangler(args: readonly string[]): Promise<string> {
  const { stdout } = await promisify(execFile)("node_modules/.bin/wrangler", [...args, "--env="], {
    env: { ...process.env, WRANGLER_SEND_METRICS: "false", WRANGLER_LOG: "log", NO_COLOR: "1" },
  });
  return stdout;
}
