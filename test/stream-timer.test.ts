// How fast a model writes is measured, unless the client held it back.
import { expect, test } from "vitest";

import { streamTimer } from "../producer/generate/stream-timer.ts";

/** Read tokens that the model makes every `tokenMs`, by a client that reads one every `readMs`. */
async function streamed(tokens: number, { tokenMs, readMs }: { tokenMs: number; readMs: number }) {
  let now = 1000;
  const timer = streamTimer(500, () => now);
  for (let made = 1; made <= tokens; made += 1) {
    const isThereAt = 1000 + made * tokenMs;
    await timer.waitFor(Promise.resolve().then(() => void (now = Math.max(now, isThereAt))));
    timer.wrote(1);
    now += readMs;
  }
  return timer.times();
}

test.each([
  ["of a quick client", 40, { tokenMs: 20, readMs: 0 }, { firstTextMs: 520, tokensASecond: 50 }],
  [
    "of a client that takes some time for each",
    40,
    { tokenMs: 20, readMs: 8 },
    { firstTextMs: 520, tokensASecond: 50 },
  ],
  ["of a client that holds the model back", 40, { tokenMs: 20, readMs: 200 }, { firstTextMs: 520 }],
  ["of a few tokens", 10, { tokenMs: 20, readMs: 0 }, { firstTextMs: 520 }],
  ["that came at once", 40, { tokenMs: 0, readMs: 0 }, { firstTextMs: 500 }],
  ["without a text", 0, { tokenMs: 20, readMs: 0 }, {}],
])("the times of a stream %s", async (_, tokens, speeds, times) => {
  expect(await streamed(tokens, speeds)).toEqual(times);
});

test("a first text that waited for the client, after events without a text, is not measured", async () => {
  let now = 1000;
  const timer = streamTimer(1000, () => now);
  const events = [
    { madeAt: 1100, tokens: 0 },
    { madeAt: 1150, tokens: 1 },
  ];
  for (const { madeAt, tokens } of events) {
    await timer.waitFor(Promise.resolve().then(() => void (now = Math.max(now, madeAt))));
    timer.wrote(tokens);
    now += 5000;
  }
  expect(timer.times()).toEqual({});
});
