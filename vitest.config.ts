import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    // Media is encoded and speech recognised on whatever the machine has left: a bound, not an expectation.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    // The speech engine needs a core to itself.
    maxWorkers: 2,
    // A process keeps its modules and its runtime from file to file (test/runtime.ts).
    isolate: false,
    // What workerd has and Node 24 hides: base64 of bytes.
    execArgv: ["--js-base-64"],
    silent: "passed-only",
    reporters: ["default", ["json", { outputFile: ".results/tests.json" }]],
  },
});
