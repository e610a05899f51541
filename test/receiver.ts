// A client's server that receives webhooks. It is a real server in the process of the test.
import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";

import { until } from "./harness.ts";

export interface Received {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

type Answer = { readonly status: number; readonly headers?: Record<string, string>; readonly body?: string };

export async function startReceiver() {
  const received: Received[] = [];
  const answers: Answer[] = [];
  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on("data", (part: Buffer) => parts.push(part));
    request.on("end", () => {
      received.push({ path: request.url ?? "", headers: request.headers, body: Buffer.concat(parts).toString() });
      const { status, headers = {}, body = "" } = answers.shift() ?? { status: 204 };
      response.writeHead(status, headers).end(body);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", () => resolve()));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url,
    received,
    /** Set the answers to the next requests. Later requests get 204. */
    answer: (...next: Answer[]) => void answers.push(...next),
    /** Wait for this many requests for a path, and a little longer for one too many. */
    async untilReceived(path: string, count: number): Promise<readonly Received[]> {
      const at = () => received.filter((request) => request.path === path);
      await until(
        async () => at().length,
        (length) => length >= count,
      );
      await new Promise((resolve) => setTimeout(resolve, 400));
      return at();
    },
    close: () => new Promise<void>((resolve) => server.close(() => resolve())),
  };
}
