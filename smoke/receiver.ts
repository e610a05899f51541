// The receiver of webhooks: a server in this process.
import { createServer } from "node:http";

export interface Told {
  readonly body: string;
  readonly headers: Record<string, string>;
  /** In epoch milliseconds. */
  readonly receivedAt: number;
}

export interface Receiver {
  readonly url: string;
  /** The webhook that reported this job; null if none came. */
  find(jobId: string): Told | null;
  close(): Promise<void>;
}

const MAX_BODY_BYTES = 1_000_000;

/** @param port 0 for any free port. */
export async function startReceiver(port: number): Promise<Receiver> {
  const told: Told[] = [];
  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    let bytes = 0;
    request.on("data", (part: Buffer) => {
      bytes += part.length;
      if (bytes <= MAX_BODY_BYTES) parts.push(part);
    });
    request.on("end", () => {
      const headers = Object.entries(request.headers).map(([name, value]) => [name, String(value)]);
      told.push({
        body: Buffer.concat(parts).toString(),
        headers: Object.fromEntries(headers) as Record<string, string>,
        receivedAt: Date.now(),
      });
      response.writeHead(204).end();
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", resolve);
  });
  const address = server.address();
  return {
    url: `http://127.0.0.1:${typeof address === "object" ? address?.port : port}`,
    find: (jobId) => told.find(({ body }) => body.includes(JSON.stringify(jobId))) ?? null,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
