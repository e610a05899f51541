// The title of a job as a file name in a zip. It is never a path or another file's name, and every file system accepts it.
import * as fc from "fast-check";
import { expect, test } from "vitest";

import { fileNameOf, uniqueNames } from "../dashboard/ui/file-name.ts";

const hostile = fc.oneof(
  fc.string({ unit: "grapheme", maxLength: 300 }),
  fc.string({
    unit: fc.constantFrom("../", "..\\", "/", "\0", "\n", "\u202E", "C:", "con", ".", " ", "\uD800", "é", "😀", "a"),
  }),
);

test("no name leads to a folder, hides, is a device, is turned round or is too long", () => {
  fc.assert(
    fc.property(hostile, (title) => {
      const name = fileNameOf(title, "job_1");
      expect(name).not.toMatch(/[/\\:*?"<>|\p{Cc}\p{Cf}\p{Cs}]|^[.\s]|[.\s]$|^(con|prn|aux|nul|com\d|lpt\d)(\.|$)/iu);
      expect(new TextEncoder().encode(`${name} (9999).json`).length).toBeLessThanOrEqual(255);
      expect(name).not.toBe("");
    }),
  );
});

test("no two names are the same, even on a file system that does not distinguish A from a", () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom("a", "A", "a (2)", "a (3)", "b")), (names) => {
      const nameOnce = uniqueNames();
      const given = names.map((name) => nameOnce(name, "srt").toLowerCase());
      expect(new Set(given).size).toBe(given.length);
    }),
  );
});

test("an ordinary title stays as it is", () => {
  expect(fileNameOf("Interview with Müller, part 2", "job_1")).toBe("Interview with Müller, part 2");
  expect(fileNameOf("../../..", "job_1")).toBe("job_1");
});
