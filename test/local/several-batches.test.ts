import { expect, test } from "vitest";

import { withSeveralBatches } from "../../local/several-batches.ts";

type Decision = string | { readonly delaySeconds?: number };

/** A batch with what became of its messages, and a Worker that does with them as `act` says. */
function deliver(
  act: (messages: readonly Message[]) => Promise<void>,
  { atOnce = 2, body = { v: 1 } }: { atOnce?: number; body?: unknown } = {},
) {
  const worker = withSeveralBatches(
    { queue: (given: MessageBatch, _env: Env, _context: ExecutionContext) => act(given.messages) },
    { atOnce, leftBehindAfterMs: 20 },
  );
  const sent: Decision[] = [];
  const env = { TASKS: { send: async (_: unknown, options: Decision) => void sent.push(options) } } as unknown as Env;
  const kept: Promise<unknown>[] = [];
  const context = { waitUntil: (work: Promise<unknown>) => void kept.push(work) } as unknown as ExecutionContext;
  async function batch(): Promise<Decision[]> {
    const decided: Decision[] = [];
    const message = {
      id: "m",
      body,
      attempts: 1,
      timestamp: new Date(0),
      ack: () => decided.push("ack"),
      retry: (options: Decision) => decided.push(options),
    };
    await worker.queue({ queue: "tasks", messages: [message] } as unknown as MessageBatch, env, context);
    return decided;
  }
  return { batch, sent, settled: () => Promise.all(kept) };
}

const wait = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

test("a batch that ends soon decides itself about its messages", async () => {
  const { batch, sent } = deliver(async ([message]) => message?.retry({ delaySeconds: 5 }));
  expect([await batch(), sent]).toEqual([[{ delaySeconds: 5 }], []]);
});

test("a slow batch goes on in the background: its messages are acknowledged, and those to retry are sent again", async () => {
  const { batch, sent, settled } = deliver(async ([message]) => {
    await wait(60);
    message?.retry({ delaySeconds: 7 });
  });
  expect([await batch(), sent]).toEqual([["ack"], []]);
  await settled();
  expect(sent).toEqual([{ delaySeconds: 7 }]);
});

test("no more batches run at once than the platform runs", async () => {
  let [running, most] = [0, 0];
  const { batch } = deliver(async () => {
    most = Math.max(most, (running += 1));
    await wait(60);
    running -= 1;
  });
  for (let count = 0; count < 5; count += 1) await batch();
  expect(most).toBe(2);
});

test("batches of other messages are waited for", async () => {
  let isDone = false;
  const { batch } = deliver(
    async () => {
      await wait(60);
      isDone = true;
    },
    { body: { key: "inbox/a.wav" } },
  );
  await batch();
  expect(isDone).toBe(true);
});
