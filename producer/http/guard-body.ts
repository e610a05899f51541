// A key is looked up when a request begins, and what the request does follows its body: a client decides how long that takes.
import type { Context } from "hono";

import type { App } from "./app.ts";

/**
 * For so long after a request began its key is taken to be as it was. A body that comes sooner, as nearly all do, costs no
 * further read of D1; a key that was revoked is of no use to a slower one.
 */
export const KEY_LOOKED_UP_MS = 5_000;

/** The key was revoked, or has expired, while its request was still being sent. */
export class KeyEnded extends Error {
  override readonly name = "KeyEnded";
  constructor() {
    super("The key has expired or has been revoked while the request was being sent.");
  }
}

/**
 * Whether the key of a request may still act: looked up again if that was long ago.
 * @param isUsable reads D1.
 */
export function keyWatch(isUsable: () => Promise<boolean>): () => Promise<boolean> {
  let lookedUpAt = Date.now();
  return async () => {
    if (Date.now() - lookedUpAt < KEY_LOOKED_UP_MS) return true;
    if (!(await isUsable())) return false;
    lookedUpAt = Date.now();
    return true;
  };
}

/**
 * Let nobody have the whole body of a request whose key has ended: it breaks off with `KeyEnded` before its last bytes, so that
 * neither a handler nor R2, which knows the length, takes it for complete. What is read after the answer is only thrown away.
 */
export function guardBody(c: Context<App>): void {
  const { body, method, signal } = c.req.raw;
  if (body === null) return;
  const length = Number(c.req.header("content-length") ?? Number.POSITIVE_INFINITY);
  const reader: ReadableStreamDefaultReader<Uint8Array> = body.getReader();
  let readBytes = 0;
  let isChecked = false;
  async function check(): Promise<void> {
    if (isChecked || c.get("isAnswered") === true) return;
    isChecked = true;
    if (await c.get("mayStillAct")()) return;
    c.set("hasKeyEnded", true);
    // It is no answer to the request itself: sent again with another key, it is to be run.
    c.set("isPassing", true);
    throw new KeyEnded();
  }
  const guarded = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const { value, done } = await reader.read();
        readBytes += value?.length ?? 0;
        if (done || readBytes >= length) await check();
        if (done) controller.close();
        else controller.enqueue(value);
      },
      cancel: (reason) => reader.cancel(reason),
    },
    { highWaterMark: 0 },
  );
  c.req.raw = new Request(c.req.raw, { method, body: guarded, signal });
}
