// An answer on its way out, and into the ledger: what is charged is what the caller is told.
import { once } from "node:events";
import type { ServerResponse } from "node:http";
import { setTimeout as pause } from "node:timers/promises";

import type { Answer, StreamedAnswer, WholeAnswer } from "./engine/model.ts";

/** Tokens come one by one at a pace that can be seen; a small model on the platform is about as fast. */
const TOKEN_PAUSE_MS = 8;

/** Counts the call. @returns its neurons as the caller reads them. */
type Charge = (neurons: number) => string;

/** @param gone aborts when the client has left. */
export async function sendAnswer(
  response: ServerResponse,
  answer: Answer,
  { charge, gone }: { readonly charge: Charge; readonly gone: AbortSignal },
): Promise<void> {
  response.setHeader("x-darkroom-engine", answer.engine);
  if ("tokens" in answer) await stream(response, answer, charge, gone);
  else sendWhole(response, answer, charge);
}

function sendWhole(response: ServerResponse, { body, neurons }: WholeAnswer, charge: Charge): void {
  response.setHeader("cf-ai-neurons", charge(neurons));
  if ("bytes" in body) {
    response.writeHead(200, { "content-type": body.mediaType }).end(body.bytes);
  } else {
    response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(body));
  }
}

/** No `cf-ai-neurons`: how many tokens will leave is not known when the headers do. The last event's usage has them. */
async function stream(
  response: ServerResponse,
  { tokens, usage, neurons }: StreamedAnswer,
  charge: Charge,
  gone: AbortSignal,
): Promise<void> {
  response.writeHead(200, { "content-type": "text/event-stream" });
  let sent = 0;
  try {
    for (const token of tokens) {
      const isTaken = response.write(event({ response: token }));
      sent += 1;
      if (!isTaken) await once(response, "drain", { signal: gone });
      await pause(TOKEN_PAUSE_MS, undefined, { signal: gone });
    }
  } finally {
    // A stream that was cut is charged for what had left.
    const charged = Number(charge(neurons(sent)));
    response.end(`${event({ response: "", usage: { ...usage, neurons: charged } })}data: [DONE]\n\n`);
  }
}

function event(data: object): string {
  return `data: ${JSON.stringify(data)}\n\n`;
}
