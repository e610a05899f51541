import type { ModelCall } from "../../shared/models/model-call.ts";
import { problemBody } from "../http/problem.ts";
import type { AskStart, AskText, AskUsage } from "./schema.ts";
import { modelProblem } from "./model-problem.ts";
import type { OpenAnswer } from "./open-answer.ts";

const encoder = new TextEncoder();

/** A client that has gone is noticed only when something is sent to it. This is sent while the model is silent. */
const HEARTBEAT_MS = 500;
const HEARTBEAT = encoder.encode(": thinking\n\n");

/**
 * The answer as events for the client, the same for every model: `start`, the texts as they come, `usage` and `done`. If the model
 * breaks off, an event `error` replaces the last two.
 * @param onEnd is called once: when the model has ended, when it has broken off (with the error), or when the client has gone.
 */
export function answerStream(
  { next, call }: OpenAnswer,
  { start, stopping, onEnd }: { start: AskStart; stopping: AbortController; onEnd: (failedWith?: unknown) => void },
): ReadableStream<Uint8Array> {
  let hasClientGone = false;
  let pending: Promise<readonly string[] | null> | null = null;
  return new ReadableStream<Uint8Array>(
    {
      start(controller) {
        controller.enqueue(serverSentEvent("start", start));
      },
      async pull(controller) {
        let failedWith: unknown;
        try {
          for (;;) {
            pending ??= next();
            const texts = await Promise.race([pending, silence()]);
            if (texts === "silent") return controller.enqueue(HEARTBEAT);
            pending = null;
            if (texts === null) break;
            if (texts.length > 0) return controller.enqueue(encoder.encode(texts.map(textEvent).join("")));
          }
          controller.enqueue(serverSentEvent("usage", usageOf(call())));
          controller.enqueue(serverSentEvent("done", {}));
        } catch (error) {
          if (hasClientGone) return;
          failedWith = error;
          controller.enqueue(serverSentEvent("error", problemBody(modelProblem(error, Date.now()))));
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
    // Nothing is read ahead of a slow client: text that it has not read stays on the model's side.
    { highWaterMark: 0 },
  );
}

function usageOf({ units, neurons, isEstimated, engine, shape }: ModelCall): AskUsage {
  const { inputTokens = 0, outputTokens = 0 } = units;
  const usage = { inputTokens, outputTokens, neurons, isEstimated, engine: engine ?? "" };
  return { ...usage, ...(shape !== undefined && { shape }) };
}

function textEvent(text: string): string {
  return `data: ${JSON.stringify({ text } satisfies AskText)}\n\n`;
}

async function silence(): Promise<"silent"> {
  await new Promise((resolve) => setTimeout(resolve, HEARTBEAT_MS));
  return "silent";
}

function serverSentEvent(event: string, data: object): Uint8Array {
  return encoder.encode(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
}
