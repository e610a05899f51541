import { expect, test } from "vitest";

import { findingsOf } from "./findings.ts";

test.each(["mpegts"])(
  "%s: no length, count, offset, nesting or quantity passes the work limit",
  async (container) => {
    expect(await findingsOf(container)).toEqual([]);
  },
  300_000,
);
