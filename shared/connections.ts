// The connections that an invocation may have open at a time. The platform lets six connections wait for response headers. The
// seventh call waits without notice, whatever it is for (https://developers.cloudflare.com/workers/platform/limits/, read
// 2026-11-29: the page names fetch, R2 and Queues; D1's page names six as well; no page says whether a call to a model counts).

/**
 * Slots of an invocation for calls that may be slow: R2, models and webhooks. The other two of the six are for D1 and Queues,
 * so that a lease is renewed however long a model takes.
 */
export const SLOW_SLOTS = 4;

/** Models and receivers never take the last slot: a result that has been paid for must not wait for an answer to be stored. */
const REMOTE_SLOTS = SLOW_SLOTS - 1;

/**
 * A call that has waited this long goes back to the queue: a model may take eight minutes without an answer, and a consumer
 * ends after fifteen.
 */
export const REMOTE_WAIT_MS = 5 * 60_000;

/** No slot became free in time. Nothing was asked, so nothing is charged. */
export class NoConnection extends Error {
  override readonly name = "NoConnection";
  constructor() {
    super(`No connection became free within ${REMOTE_WAIT_MS / 60_000} minutes. Nothing was sent.`);
  }
}

/** `remote` is a model or a webhook's receiver, which takes seconds or minutes; R2 takes milliseconds. */
export type Destination = "storage" | "remote";

/** The connections of one invocation. */
export interface Connections {
  /**
   * Run `connect` when a slot is free, and hold the slot until its promise settles, so until headers or an error have come. A
   * time limit belongs inside `connect`. Rejects with the signal's reason if the signal aborts first, and with `NoConnection`
   * if a remote call has waited too long.
   */
  open<T>(to: Destination, connect: () => Promise<T>, signal?: AbortSignal): Promise<T>;
}

interface Waiting {
  readonly to: Destination;
  readonly start: () => void;
}

/** Create the connections of one invocation. */
export function createConnections(): Connections {
  const open = { storage: 0, remote: 0 };
  const waiting: Waiting[] = [];

  const hasSlot = (to: Destination) =>
    open.storage + open.remote < SLOW_SLOTS && (to === "storage" || open.remote < REMOTE_SLOTS);

  // First come, first served within a destination. R2 goes first, because it gives its slot back soonest.
  function admit(): void {
    for (const to of ["storage", "remote"] as const) {
      for (let index = 0; index < waiting.length && hasSlot(to);) {
        const next = waiting[index];
        if (next?.to !== to) {
          index += 1;
          continue;
        }
        waiting.splice(index, 1);
        open[to] += 1;
        next.start();
      }
    }
  }

  function slot(to: Destination, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      signal?.throwIfAborted();
      let stopTimer: (() => void) | undefined;
      const stopWaiting = () => {
        stopTimer?.();
        signal?.removeEventListener("abort", onAbort);
      };
      const one: Waiting = {
        to,
        start: () => {
          stopWaiting();
          resolve();
        },
      };
      const leave = (reason: unknown) => {
        stopWaiting();
        waiting.splice(waiting.indexOf(one), 1);
        reject(reason);
      };
      const onAbort = () => leave(signal?.reason);
      waiting.push(one);
      admit();
      if (!waiting.includes(one)) return;
      signal?.addEventListener("abort", onAbort);
      if (to !== "remote") return;
      const timer = setTimeout(() => leave(new NoConnection()), REMOTE_WAIT_MS);
      stopTimer = () => clearTimeout(timer);
    });
  }

  return {
    async open(to, connect, signal) {
      await slot(to, signal);
      try {
        return await connect();
      } finally {
        open[to] -= 1;
        admit();
      }
    },
  };
}

/** Return a bucket whose calls wait for their turn. A body is read without a slot, because its headers have come. */
export function connectedBucket(bucket: R2Bucket, connections: Connections): R2Bucket {
  return connected(bucket, connections);
}

/** A bucket or one of its multipart uploads. */
function connected<T extends object>(target: T, connections: Connections): T {
  return new Proxy(target, {
    get(from, name) {
      const method: unknown = Reflect.get(from, name, from);
      if (typeof method !== "function") return method;
      // It makes no call of its own, and is not awaited.
      if (name === "resumeMultipartUpload") {
        return (...args: readonly unknown[]) => connected(Reflect.apply(method, from, args) as object, connections);
      }
      return async (...args: readonly unknown[]) => {
        const answer: unknown = await connections.open("storage", async () => Reflect.apply(method, from, args));
        return name === "createMultipartUpload" ? connected(answer as object, connections) : answer;
      };
    },
  });
}
