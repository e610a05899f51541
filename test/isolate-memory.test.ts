import { expect, test } from "vitest";

import { startDarkroom, until } from "./harness.ts";
import { BATCHES } from "./held-batches.ts";

const darkroom = startDarkroom({ [BATCHES]: "held" });

const PICTURES = 4;
const PICTURE_BYTES = 2_600_000;

/** A PNG of 2.6 MB, most of it after the header. As an array of numbers for the model it counts four times: 10.4 MB of 20. */
function picture(script: string): Uint8Array {
  const bytes = new Uint8Array(PICTURE_BYTES);
  bytes.set([
    0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10, 0, 0, 0, 13, 0x49, 0x48, 0x44, 0x52, 0, 0, 0, 9, 0, 0, 0, 9, 8, 6,
  ]);
  bytes.set(new TextEncoder().encode(script), 64);
  return bytes;
}

test("two batches in one isolate share its memory, and both end", async () => {
  for (let index = 0; index < PICTURES; index += 1) {
    await darkroom.upload({ name: `${index}.png` }, picture(`picture ${index} sleep:300`) as BodyInit);
  }
  await darkroom.modelCalls(); // forgets what ran before
  const batches = ["one", "two"].map(() => darkroom.raw("http://localhost/batch?messages=2", { method: "POST" }));
  for (const batch of await Promise.all(batches)) expect(await batch.text()).toBe("done");
  const done = await until(
    async () => (await darkroom.api("/v1/jobs?state=completed")).json<{ jobs: readonly unknown[] }>(),
    ({ jobs }) => jobs.length === PICTURES,
  );
  expect(done.jobs).toHaveLength(PICTURES);
  expect((await darkroom.modelCalls()).mostRunning).toBe(1);
});
