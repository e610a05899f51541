import { modelProblem } from "./model-problem.ts";
import type { Problem } from "../http/problem.ts";
import type { OpenAnswer } from "./open-answer.ts";

/** How an API writes the events of an answer: each function returns whole events of a stream of server-sent events, as text. */
export interface WriteEvents {
  /** Sent before the model has written anything. */
  readonly start: () => string;
  /** @param texts what the model has written since the last call, one text a token; never empty. */
  readonly texts: (texts: readonly string[]) => string;
  /** Sent when the model has ended. */
  readonly end: (answer: Pick<OpenAnswer, "call" | "isCut">) => string;
  /** Sent in place of `end` if the model breaks off. */
  readonly failure: (problem: Problem) => string;
}

const encoder = new TextEncoder();

/** A client that has gone is noticed only when something is sent to it. This is sent while the model is silent. */
const HEARTBEAT_MS = 500;
export const HEARTBEAT = encoder.encode(": thinking\n\n");

/**
 * The answer as events for the client, the same for every model.
 * @param onEnd is called once: when the model has ended, when it has broken off (with the error), or when the client has gone.
 */
export function answerStream(
  answer: OpenAnswer,
  {
    events,
    stopping,
    onEnd,
  }: { events: WriteEvents; stopping: AbortController; onEnd: (failedWith?: unknown) => void },
): ReadableStream<Uint8Array> {
  let hasClientGone = false;
  let pending: Promise<readonly string[] | null> | null = null;
  return new ReadableStream<Uint8Array>(
    {
      start(controller) {
        const start = events.start();
        if (start !== "") controller.enqueue(encoder.encode(start));
      },
      async pull(controller) {
        let failedWith: unknown;
        try {
          for (;;) {
            pending ??= answer.next();
            const texts = await Promise.race([pending, silence()]);
            if (texts === "silent") return controller.enqueue(HEARTBEAT);
            pending = null;
            if (texts === null) break;
            if (texts.length > 0) return controller.enqueue(encoder.encode(events.texts(texts)));
          }
          controller.enqueue(encoder.encode(events.end(answer)));
        } catch (error) {
          if (hasClientGone) return;
          failedWith = error;
          controller.enqueue(encoder.encode(events.failure(modelProblem(error, Date.now()))));
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

/** Resolves when something must be sent to the client. */
export async function silence(): Promise<"silent"> {
  await new Promise((resolve) => setTimeout(resolve, HEARTBEAT_MS));
  return "silent";
}
