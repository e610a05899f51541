import { shapeOf } from "../../shared/models/answer-shape.ts";
import { readChatEvent } from "../../shared/models/chat-answer.ts";
import { consumedBy } from "../../shared/models/consumed-by.ts";
import { answeredCall, type ModelCall } from "../../shared/models/model-call.ts";
import type { Units } from "../../shared/models/models.ts";
import { readJson } from "../../shared/input/read-json.ts";

/** A line of a model's stream is a token in some JSON. A longer line is not an event, and is dropped instead of kept to its end. */
const MAX_LINE_CHARS = 64_000;

export interface TokenReader {
  /** The texts in these bytes of the model's stream, in order. */
  read(chunk: Uint8Array): readonly string[];
  /** The texts of a last line without a line break. */
  end(): readonly string[];
  /** Whether the model has reported the end. A stream that ends before that was cut off. */
  readonly isComplete: boolean;
  /** Whether the model has said that it wrote as much as it may. */
  readonly isCut: boolean;
  /** What the stream has cost so far. */
  call(): ModelCall;
}

/**
 * Read the stream of a text model in any known form of its events, and count what it consumes. The usage of the last event counts;
 * without it, as in a stream that was cut off, the tokens are counted. The neurons in a header are ignored, because it was sent
 * before they were known.
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
  let isCut = false;

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
    if (piece.isCut) isCut = true;
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
    get isCut() {
      return isCut;
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
