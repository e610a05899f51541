import { shapeOf } from "../../shared/models/answer-shape.ts";
import { readChatEvent } from "../../shared/models/chat-answer.ts";
import { consumedBy } from "../../shared/models/consumed-by.ts";
import { answeredCall, type ModelCall } from "../../shared/models/model-call.ts";
import type { Units } from "../../shared/models/models.ts";
import { readJson } from "../../shared/input/read-json.ts";

/** A line of a model's stream is a token in some JSON. What is longer than this is none, and is not kept until it ends. */
const MAX_LINE_CHARS = 64_000;

export interface TokenReader {
  /** The texts that these bytes of the model's stream bring, in order. */
  read(chunk: Uint8Array): readonly string[];
  /** The texts of a last line that nothing ended. */
  end(): readonly string[];
  /** Whether the model has said that there is no more: a stream that ends before that was cut. */
  readonly isComplete: boolean;
  /** What has been read so far costs. */
  call(): ModelCall;
}

/**
 * Reads the stream of a text model, whatever its events look like, and counts what it consumes. The last event's usage says
 * it; without one, as in a stream that was cut, each token counts for itself. The neurons of a header are not believed: it
 * was sent before anybody could know them.
 */
export function tokenReader(
  model: string,
  { headers, expected, startedAt }: { headers: Headers; expected: Units; startedAt: number },
): TokenReader {
  const decoder = new TextDecoder();
  let rest = "";
  let tokens = 0;
  let used: Units = {};
  let neurons: number | undefined;
  let shape: string | undefined;
  let isComplete = false;

  function readLine(line: string): readonly string[] {
    if (!line.startsWith("data:")) return [];
    const data = line.slice("data:".length).trim();
    if (data === "[DONE]") {
      isComplete = true;
      return [];
    }
    const read = readJson(data);
    const value = read.ok ? read.value : null;
    const piece = readChatEvent(value);
    if (piece === null) return [];
    if (piece.isToken) tokens += 1;
    if (piece.isLast) isComplete = true;
    if (piece.text !== "") shape ??= shapeOf(value);
    const consumed = consumedBy(value);
    used = { ...used, ...consumed.units };
    neurons = consumed.neurons ?? neurons;
    return piece.text === "" ? [] : [piece.text];
  }

  return {
    read(chunk) {
      const lines = (rest + decoder.decode(chunk, { stream: true })).split("\n");
      rest = lines.pop() ?? "";
      if (rest.length > MAX_LINE_CHARS) rest = "";
      return lines.flatMap((line) => readLine(line.trimEnd()));
    },
    end() {
      const last = rest + decoder.decode();
      rest = "";
      return readLine(last.trimEnd());
    },
    get isComplete() {
      return isComplete;
    },
    call() {
      const early = new Headers(headers);
      early.delete("cf-ai-neurons");
      const units = { ...expected, outputTokens: tokens, ...used };
      const durationMs = Date.now() - startedAt;
      const call = answeredCall(model, { headers: early, isRefusal: false, units, neurons, durationMs });
      return { ...call, ...(shape !== undefined && { shape }) };
    },
  };
}
