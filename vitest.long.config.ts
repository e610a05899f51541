import { defineConfig, mergeConfig } from "vitest/config";

import { LONG_TESTS } from "./test/long.ts";
import base from "./vitest.config.ts";

// What `npm test` takes a sample of (test/long.ts), whole.
process.env["DARKROOM_LONG"] ??= "1";

const { include: _, ...test } = base.test ?? {};

export default mergeConfig(
  { ...base, test },
  defineConfig({ test: { include: [...LONG_TESTS], testTimeout: 600_000 } }),
);
