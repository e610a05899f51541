import { existsSync, statfsSync } from "node:fs";
import { resolve } from "node:path";

import { defineConfig } from "vitest/config";

const MEMORY = "/dev/shm";
const GIB = 2 ** 30;

// What processes inherit that are started from here. Compiled code is kept from run to run: programs that tests start many times
// begin in half the time.
process.env["NODE_COMPILE_CACHE"] ??= resolve("node_modules/.cache/node");
// Without a line, a trace and an entry in an explorer for every request: they are a third of what one costs.
process.env["WRANGLER_LOG"] ??= "error";
process.env["X_LOCAL_OBSERVABILITY"] ??= "false";
process.env["X_LOCAL_EXPLORER"] ??= "false";
// No runtime asks the network where this machine is.
process.env["CLOUDFLARE_CF_FETCH_ENABLED"] ??= "false";
// A disk that syncs each commit of D1 would be much of the time. Nothing is kept.
if (existsSync(MEMORY) && freeBytes(MEMORY) > 2 * GIB) process.env["TMPDIR"] ??= MEMORY;

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    globalSetup: ["test/prebuilt.ts"],
    // Media is encoded and speech recognised on whatever the machine has left: a bound, not an expectation.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    // Three more than the two cores that the tests are meant for: many wait for a lease, a backoff or a slow model.
    maxWorkers: 5,
    // A process keeps its modules and its runtime from file to file (test/runtime.ts).
    isolate: false,
    // Node runs the files as they are, and keeps what it has compiled. Vite would transform each module first.
    experimental: { viteModuleRunner: false, nodeLoader: false },
    // What workerd has and Node 24 hides: base64 of bytes. A larger young generation, which takes a tenth off the CPU of a process.
    execArgv: ["--js-base-64", "--max-semi-space-size=64"],
    silent: "passed-only",
    reporters: ["default", ["json", { outputFile: ".results/tests.json" }]],
  },
});

function freeBytes(folder: string): number {
  const { bavail, bsize } = statfsSync(folder);
  return bavail * bsize;
}
