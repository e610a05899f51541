// The models of the kill test, in the process that survives. Every call is recorded, whatever happens to the caller.
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

import { answerTo } from "./answers.ts";

export interface Call {
  readonly model: string;
  readonly question: string;
  /** Epoch milliseconds. */
  readonly askedAt: number;
  /** When the last byte of the answer was sent; null before that, or if the caller had already gone. */
  deliveredAt: number | null;
}

export interface Ledger {
  readonly url: string;
  readonly calls: readonly Call[];
  close(): Promise<void>;
}

/** @param delayMs returns how long a model takes to answer, for each call. */
export async function openLedger(delayMs: () => number): Promise<Ledger> {
  const calls: Call[] = [];
  const server = createServer((request, response) => {
    answer(request, response, { calls, delayMs }).catch((error: unknown) => {
      // A caller that was killed while it sent its question has asked nothing.
      if (!request.complete) return response.destroy();
      return response
        .writeHead(400, { "content-type": "application/json" })
        .end(JSON.stringify({ internalCode: 5006, name: "AiError", description: String(error) }));
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    calls,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  { calls, delayMs }: { calls: Call[]; delayMs: () => number },
): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
  const model = decodeURIComponent(request.url ?? "").replace("/run/", "");
  const { question, body } = answerTo(model, JSON.parse(Buffer.concat(chunks).toString()) as Record<string, unknown>);
  const call: Call = { model, question, askedAt: Date.now(), deliveredAt: null };
  calls.push(call);
  response.once("close", () => {
    if (response.writableFinished) call.deliveredAt = Date.now();
  });
  await new Promise((resolve) => setTimeout(resolve, delayMs()));
  if (response.destroyed) return;
  const headers = { "content-type": "application/json", "cf-ai-neurons": "1", "x-darkroom-engine": "ledger" };
  response.writeHead(200, headers).end(JSON.stringify(body));
}
