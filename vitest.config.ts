import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    testTimeout: 30_000,
    hookTimeout: 60_000,
    // Each file starts a workerd of its own, and the speech engine wants a core to itself.
    maxWorkers: 2,
    silent: "passed-only",
    reporters: ["default", ["json", { outputFile: ".results/tests.json" }]],
  },
});
