import { problemBody } from "../problem.ts";
import { modelProblem } from "./model-problem.ts";
import type { OpenAnswer } from "./open-answer.ts";

const encoder = new TextEncoder();

/**
 * The answer as its client gets it: an event of ours, and then the model's own bytes, chunk by chunk as they come. Each
 * is sent before it is looked at, and none is kept. A model that breaks off is told by an event `error`.
 * @param onEnd is called once, when the model has ended, broken off, or its client has gone.
 */
export function answerStream(
  { next, meter }: OpenAnswer,
  { start, stopping, onEnd }: { start: object; stopping: AbortController; onEnd: () => void },
): ReadableStream<Uint8Array> {
  let hasClientGone = false;
  return new ReadableStream<Uint8Array>(
    {
      start(controller) {
        controller.enqueue(serverSentEvent("start", start));
      },
      async pull(controller) {
        try {
          const chunk = await next();
          if (chunk !== null) {
            controller.enqueue(chunk);
            meter.look(chunk);
            return;
          }
        } catch (error) {
          if (hasClientGone) return;
          const message = error instanceof Error ? error.message : String(error);
          controller.enqueue(serverSentEvent("error", problemBody(modelProblem(message, Date.now()))));
        }
        controller.close();
        onEnd();
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

function serverSentEvent(event: string, data: object): Uint8Array {
  return encoder.encode(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
}
