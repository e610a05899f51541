import { defineConfig, mergeConfig } from "vitest/config";

import base from "./vitest.config.ts";

const { include: _, ...test } = base.test ?? {};

// Recordings with every fault, in every container: it encodes some two hundred files, and decodes what is cut of them.
export default mergeConfig(
  { ...base, test },
  defineConfig({
    test: {
      include: ["test/media/*.media.ts"],
      maxWorkers: 1,
      testTimeout: 1_200_000,
      silent: false,
      reporters: ["default"],
    },
  }),
);
