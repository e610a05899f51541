import * as z from "zod";

import { answeredCall, type ModelCall } from "../../shared/ai/model-call.ts";
import { unitsAnswered } from "../../shared/ai/units-answered.ts";
import { readJson } from "../../shared/read-json.ts";
import type { Units } from "../../shared/models.ts";

const Event = z.object({
  response: z.string().nullish(),
  usage: z.object({ neurons: z.number().nonnegative().optional() }).optional().catch(undefined),
});

/** A line of a model's stream is a token in some JSON. What is longer than this is none, and is not kept until it ends. */
const MAX_LINE_CHARS = 64_000;

export interface StreamMeter {
  /** Look at bytes that have been sent. */
  look(chunk: Uint8Array): void;
  /** What has been sent so far costs. */
  call(): ModelCall;
}

/**
 * Counts what a stream of a text model consumes. The last event's usage says it; without one, as in a stream that was cut,
 * each token counts for itself. A header of such an answer was sent before anybody could know.
 */
export function streamMeter(
  model: string,
  { headers, expected, startedAt }: { headers: Headers; expected: Units; startedAt: number },
): StreamMeter {
  const decoder = new TextDecoder();
  let rest = "";
  let tokens = 0;
  let used: Units | null = null;
  let neurons: number | undefined;

  function readLine(line: string): void {
    if (!line.startsWith("data:") || line.endsWith("[DONE]")) return;
    const read = readJson(line.slice("data:".length));
    if (!read.ok) return;
    const data = read.value;
    const event = Event.safeParse(data);
    if (!event.success) return;
    if ((event.data.response ?? "") !== "") tokens += 1;
    if (event.data.usage === undefined) return;
    used = unitsAnswered(data);
    neurons = event.data.usage.neurons;
  }

  return {
    look(chunk) {
      const lines = (rest + decoder.decode(chunk, { stream: true })).split("\n");
      rest = lines.pop() ?? "";
      if (rest.length > MAX_LINE_CHARS) rest = "";
      for (const line of lines) readLine(line.trimEnd());
    },
    call() {
      const early = new Headers(headers);
      early.delete("cf-ai-neurons");
      const units = { ...expected, outputTokens: tokens, ...used };
      const call = answeredCall(model, { headers: early, isRefusal: false, units, durationMs: Date.now() - startedAt });
      return neurons === undefined ? call : { ...call, neurons, isEstimated: false };
    },
  };
}
