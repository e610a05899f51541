// Sends an answer and charges the ledger: the charge is the figure that the caller receives.
import { once } from "node:events";
import type { ServerResponse } from "node:http";
import { setTimeout as pause } from "node:timers/promises";

import type { Answer, StreamedAnswer, WholeAnswer } from "./engine/model.ts";
import type { ChatEvent, Turns } from "./shapes.ts";

/** The pause between tokens, so that the stream is visible. A small model on the platform is about as fast. */
const TOKEN_PAUSE_MS = 8;

/** Count the call, and return its neurons in the form that the caller receives. */
type Charge = (neurons: number) => string;

interface Sending {
  readonly model: string;
  /** Which of the platform's shapes the next answer has. */
  readonly turns: Turns;
  readonly charge: Charge;
  /** Aborted when the client has disconnected. */
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

/** Without `cf-ai-neurons`: the number of tokens is not known when the headers are sent. The usage in the last event has the figure. */
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
    // A stream that is cut off is charged for the tokens already sent.
    const charged = Number(charge(neurons(sent)));
    response.end(`${event(eventOf({ text: "", usage: { ...usage, neurons: charged } }))}data: [DONE]\n\n`);
  }
}

function event(data: object): string {
  return `data: ${JSON.stringify(data)}\n\n`;
}
