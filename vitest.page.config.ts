import { defineConfig, mergeConfig } from "vitest/config";

import base from "./vitest.config.ts";

const { include: _, ...test } = base.test ?? {};

// The page in a browser. Not part of `npm test`: it needs a Chromium.
export default mergeConfig(
  { ...base, test },
  defineConfig({
    test: {
      include: ["test/page/*.page.ts"],
      // The offline models and the browser share two cores.
      maxWorkers: 1,
      testTimeout: 400_000,
      reporters: ["default"],
    },
  }),
);
