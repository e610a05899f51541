import { setTimeout as sleep } from "node:timers/promises";

const MAX_PINGS = 1000;
const WORKER = "core:user:cutter";
/** The Worker, and the isolates that simulate R2. */
const ISOLATES: readonly string[] = [WORKER, "r2:bucket:entry", "r2:bucket"];

/** The runtime's isolates, through the DevTools protocol. */
export interface Inspector {
  /** Collect garbage. An isolate does this only next to a request, so `ping` makes one that reaches all of them. */
  collectGarbage(ping: () => Promise<unknown>): Promise<void>;
  /** What the Worker's isolate holds now, including garbage and array buffers. */
  heldMb(): Promise<number>;
  close(): void;
}

interface Usage {
  readonly usedSize: number;
  readonly backingStorageSize: number;
}

interface Target {
  readonly id: string;
  readonly webSocketDebuggerUrl: string;
}

interface Connection {
  send(method: string): Promise<unknown>;
  close(): void;
}

export async function inspect(address: URL): Promise<Inspector> {
  const response = await fetch(new URL("/json", address.href.replace(/^ws/, "http")));
  const targets = await response.json<readonly Target[]>();
  const connections = await Promise.all(
    ISOLATES.map(async (id) => {
      const target = targets.find((each) => each.id === id);
      if (target === undefined) throw new Error(`there is no isolate '${id}'`);
      return connect(target.webSocketDebuggerUrl);
    }),
  );
  const [worker] = connections;
  if (worker === undefined) throw new Error("there are no isolates");
  return {
    async collectGarbage(ping) {
      let left = connections.length;
      for (const connection of connections) {
        void connection.send("HeapProfiler.collectGarbage").then(() => (left -= 1));
      }
      for (let pings = 0; pings < MAX_PINGS; pings += 1) {
        await ping();
        await sleep(1);
        if (left === 0) return;
      }
      throw new Error("an isolate did not collect its garbage");
    },
    async heldMb() {
      const { usedSize, backingStorageSize } = (await worker.send("Runtime.getHeapUsage")) as Usage;
      return (usedSize + backingStorageSize) / 1024 / 1024;
    },
    close() {
      for (const connection of connections) connection.close();
    },
  };
}

async function connect(url: string): Promise<Connection> {
  const socket = new WebSocket(url);
  const waiting = new Map<number, (result: unknown) => void>();
  let last = 0;
  socket.addEventListener("message", ({ data }) => {
    const answer = JSON.parse(String(data)) as { readonly id?: number; readonly result?: unknown };
    if (answer.id !== undefined) waiting.get(answer.id)?.(answer.result);
  });
  await new Promise<void>((resolve, reject) => {
    socket.addEventListener("open", () => resolve());
    socket.addEventListener("error", () => reject(new Error(`no inspector at ${url}`)));
  });
  return {
    send: async (method) =>
      new Promise((resolve) => {
        last += 1;
        waiting.set(last, resolve);
        socket.send(JSON.stringify({ id: last, method }));
      }),
    close: () => socket.close(),
  };
}
