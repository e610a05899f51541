import { glob, readFile } from "node:fs/promises";
import { dirname, matchesGlob } from "node:path";

import { expect, test } from "vitest";

import { LONG_TESTS } from "./long.ts";

test("what takes a sample in `npm test` is whole in `npm run test:long`", async () => {
  const asking: string[] = [];
  for await (const path of glob("test/**/*.ts")) {
    const text = await readFile(path, "utf8");
    if (/from "\.{1,2}\/long\.ts"|DARKROOM_LONG/.test(text)) asking.push(path);
  }
  // A module that uses it is in the list with the tests that import it.
  const isListed = (path: string) =>
    LONG_TESTS.some((one) => matchesGlob(path, one) || (!path.endsWith(".test.ts") && dirname(one) === dirname(path)));
  expect(asking.length).toBeGreaterThan(8);
  expect(asking.filter((path) => !["test/long.ts", "test/long.test.ts"].includes(path) && !isListed(path))).toEqual([]);
  for (const one of LONG_TESTS) expect([one, (await glob(one).next()).done]).toEqual([one, false]);
});
