import { setTimeout as sleep } from "node:timers/promises";

const MAX_PINGS = 1000;

/** The Worker's isolate, by the protocol that DevTools speaks. */
export interface Inspector {
  /** Collect garbage, which the isolate does beside a request: `ping` makes one. */
  collectGarbage(ping: () => Promise<unknown>): Promise<void>;
  /** What the isolate holds now, garbage and array buffers included. */
  heldMb(): Promise<number>;
  close(): void;
}

interface Answer {
  readonly id?: number;
  readonly result?: { readonly usedSize?: number; readonly backingStorageSize?: number };
}

export async function inspect(address: URL): Promise<Inspector> {
  const url = new URL("/ws", address);
  url.protocol = "ws:";
  // wrangler lets nobody in who does not say where he comes from; Node takes headers in place of protocols.
  const socket = new WebSocket(url.href, { headers: { Origin: "http://localhost" } } as never);
  const waiting = new Map<number, (answer: Answer) => void>();
  let last = 0;
  socket.addEventListener("message", ({ data }) => {
    const answer = JSON.parse(String(data)) as Answer;
    if (answer.id !== undefined) waiting.get(answer.id)?.(answer);
  });
  await new Promise<void>((resolve, reject) => {
    socket.addEventListener("open", () => resolve());
    socket.addEventListener("error", () => reject(new Error(`no inspector at ${url.href}`)));
  });
  function send(method: string, onAnswer: (answer: Answer) => void): void {
    last += 1;
    waiting.set(last, onAnswer);
    socket.send(JSON.stringify({ id: last, method }));
  }
  return {
    async collectGarbage(ping) {
      const collected = new Promise<boolean>((resolve) => send("HeapProfiler.collectGarbage", () => resolve(true)));
      for (let pings = 0; pings < MAX_PINGS; pings += 1) {
        await ping();
        if (await Promise.race([collected, sleep(1, false)])) return;
      }
      throw new Error("the isolate does not collect its garbage");
    },
    async heldMb() {
      const { result } = await new Promise<Answer>((resolve) => send("Runtime.getHeapUsage", resolve));
      return ((result?.usedSize ?? 0) + (result?.backingStorageSize ?? 0)) / 1024 / 1024;
    },
    close: () => socket.close(),
  };
}
