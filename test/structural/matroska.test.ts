import { expect, test } from "vitest";

import { findingsOf } from "./findings.ts";
import { IS_LONG } from "../long.ts";

test.runIf(IS_LONG).each(["matroska"])(
  "%s: no length, count, offset, nesting or quantity passes the work limit",
  async (container) => {
    expect(await findingsOf(container)).toEqual([]);
  },
  300_000,
);
