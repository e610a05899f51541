import { expect, test } from "vitest";

import { findingsOf } from "./findings.ts";

test.each(["wav", "mp3", "adts", "flac"])(
  "%s: no length, count, offset, nesting or quantity passes the work limit",
  async (container) => {
    expect(await findingsOf(container)).toEqual([]);
  },
  300_000,
);
