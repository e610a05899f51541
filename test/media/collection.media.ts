// Every container with every fault. All sound that ffmpeg decodes is kept or marked as missing, and silence is not paid for.
import { rm } from "node:fs/promises";

import { afterAll, beforeAll, expect, test } from "vitest";

import { judge, type Judged, type Verdict } from "./judge.ts";
import { makeAll, openKit, type Kit, type Made } from "./makers.ts";

/** The name of a container or a fault, to try only a few. */
const ONLY = new RegExp(process.env["DARKROOM_MEDIA"] ?? "");
/** Whether another checkout is judged, for its figures only. */
const IS_OTHER = process.env["DARKROOM_AUDIO_ROOT"] !== undefined;

const FAULTY: readonly Verdict[] = ["refused", "wrong", "unmarked", "bought", "threw"];

let kit: Kit;
beforeAll(async () => {
  kit = await openKit();
});
afterAll(() => rm(kit.folder, { recursive: true }));

test("recordings as people send them are transcribed right, or the transcript says what is missing", async () => {
  const judged: (Made & Judged)[] = [];
  for await (const made of makeAll(kit)) {
    if (!ONLY.test(`${made.container}: ${made.fault}`)) continue;
    judged.push({ ...made, ...(await judge(made.path, made)) });
  }
  console.log(table(judged));
  if (IS_OTHER) return;
  const faulty = judged.filter(({ verdict }) => verdict !== "right");
  expect(faulty.map(({ container, fault, verdict, says }) => `${container}: ${fault}: ${verdict}: ${says}`)).toEqual(
    [],
  );
});

function table(judged: readonly (Made & Judged)[]): string {
  const wide = (text: string, width: number) => text.padEnd(width).slice(0, width);
  const rows = judged.map(({ container, fault, verdict, says }) =>
    [wide(container, 28), wide(fault, 38), wide(verdict, 8), says].join(" | "),
  );
  const figures = FAULTY.map((verdict) => `${verdict} ${judged.filter((one) => one.verdict === verdict).length}`);
  return [...rows, "", `${judged.length} files: ${figures.join(", ")}`].join("\n");
}
