// An answer on its way out, and into the ledger: what is charged is what the caller is told.
import { once } from "node:events";
import type { ServerResponse } from "node:http";
import { setTimeout as pause } from "node:timers/promises";

import type { Answer, StreamedAnswer, WholeAnswer } from "./engine/model.ts";
import type { ChatEvent, Turns } from "./shapes.ts";

/** Tokens come one by one at a pace that can be seen; a small model on the platform is about as fast. */
const TOKEN_PAUSE_MS = 8;

/** Counts the call. @returns its neurons as the caller reads them. */
type Charge = (neurons: number) => string;

interface Sending {
  readonly model: string;
  /** In which of the platform's shapes the model answers. */
  readonly turns: Turns;
  readonly charge: Charge;
  /** Aborts when the client has left. */
  readonly gone: AbortSignal;
}

export async function sendAnswer(
  response: ServerResponse,
  answer: Answer,
  { model, turns, charge, gone }: Sending,
): Promise<void> {
  response.setHeader("x-darkroom-engine", answer.engine);
  if ("tokens" in answer) await stream(response, answer, { eventOf: turns.events(model), charge, gone });
  else sendWhole(response, { ...answer, body: turns.shape(model, answer.body) as WholeAnswer["body"] }, charge);
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
  { eventOf, charge, gone }: Pick<Sending, "charge" | "gone"> & { readonly eventOf: (event: ChatEvent) => object },
): Promise<void> {
  response.writeHead(200, { "content-type": "text/event-stream" });
  let sent = 0;
  try {
    for (const token of tokens) {
      const isTaken = response.write(event(eventOf({ text: token })));
      sent += 1;
      if (!isTaken) await once(response, "drain", { signal: gone });
      await pause(TOKEN_PAUSE_MS, undefined, { signal: gone });
    }
  } finally {
    // A stream that was cut is charged for what had left.
    const charged = Number(charge(neurons(sent)));
    response.end(`${event(eventOf({ text: "", usage: { ...usage, neurons: charged } }))}data: [DONE]\n\n`);
  }
}

function event(data: object): string {
  return `data: ${JSON.stringify(data)}\n\n`;
}
