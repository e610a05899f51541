import { problemBody } from "../problem.ts";
import { modelProblem } from "./model-problem.ts";
import type { OpenAnswer } from "./open-answer.ts";

const encoder = new TextEncoder();

/** A client that has gone is noticed by what is sent to it: while the model is silent, this is. */
const HEARTBEAT_MS = 500;
const NEWLINE = 0x0a;
const HEARTBEAT = encoder.encode(": thinking\n\n");

/**
 * The answer as its client gets it: an event of ours, and then the model's own bytes, chunk by chunk as they come. Each
 * is sent before it is looked at, and none is kept. A model that breaks off is told by an event `error`.
 * @param onEnd is called once, when the model has ended, broken off (with what was wrong), or its client has gone.
 */
export function answerStream(
  { next, meter }: OpenAnswer,
  { start, stopping, onEnd }: { start: object; stopping: AbortController; onEnd: (failedWith?: string) => void },
): ReadableStream<Uint8Array> {
  let hasClientGone = false;
  let pending: Promise<Uint8Array | null> | null = null;
  /** Whether what was sent last ended an event: nothing may be put into the middle of one. */
  let isBetweenEvents = true;
  return new ReadableStream<Uint8Array>(
    {
      start(controller) {
        controller.enqueue(serverSentEvent("start", start));
      },
      async pull(controller) {
        let failedWith: string | undefined;
        try {
          pending ??= next();
          const chunk = await (isBetweenEvents ? Promise.race([pending, heartbeat()]) : pending);
          if (chunk === HEARTBEAT) {
            controller.enqueue(chunk);
            return;
          }
          pending = null;
          if (chunk !== null) {
            isBetweenEvents = chunk.at(-1) === NEWLINE && chunk.at(-2) === NEWLINE;
            controller.enqueue(chunk);
            meter.look(chunk);
            return;
          }
        } catch (error) {
          if (hasClientGone) return;
          failedWith = error instanceof Error ? error.message : String(error);
          controller.enqueue(serverSentEvent("error", problemBody(modelProblem(failedWith, Date.now()))));
        }
        controller.close();
        onEnd(failedWith);
      },
      cancel(reason) {
        hasClientGone = true;
        stopping.abort(reason);
        onEnd();
      },
    },
    // Nothing is read ahead of a client that is slow: what it has not taken, the model's side holds.
    { highWaterMark: 0 },
  );
}

async function heartbeat(): Promise<Uint8Array> {
  await new Promise((resolve) => setTimeout(resolve, HEARTBEAT_MS));
  return HEARTBEAT;
}

function serverSentEvent(event: string, data: object): Uint8Array {
  return encoder.encode(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
}
