// A key is looked up when a request begins. The request acts when its body is complete, and the client decides how long that takes.
import type { Context } from "hono";

import type { App } from "./app.ts";

/**
 * How long after the start of a request its key counts as unchanged. Nearly every body is complete within this time and costs no
 * second read of D1. For a slower body the key is looked up again, so that a revoked key cannot be used.
 */
export const KEY_LOOKED_UP_MS = 5_000;

/** The key was revoked or expired while its request was still being sent. */
export class KeyEnded extends Error {
  override readonly name = "KeyEnded";
  constructor() {
    super("The key expired or was revoked while the request was being sent.");
  }
}

/**
 * Return a function that reports whether the key of a request still works. It looks the key up again after `KEY_LOOKED_UP_MS`.
 * @param isUsable looks the key up in D1.
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
 * Check the key again before the last bytes of a slow body. If the key has ended, the body breaks off with `KeyEnded`, so that
 * neither a handler nor R2, which knows the length, takes it for complete. Bytes that are read after the answer are discarded, so
 * they need no check.
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
    // The answer must not be kept: the same request with another key must run.
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
