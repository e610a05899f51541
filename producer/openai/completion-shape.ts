// Chat completions in OpenAI's shape, whole and as chunks.
import type { Units } from "../../shared/models/models.ts";
import type { WriteEvents } from "../generate/answer-stream.ts";
import { errorBody, toOpenAi } from "./errors.ts";

/** An id as OpenAI's API writes them. Nothing is stored under it. */
export function newId(prefix: "chatcmpl-" | "resp_" | "msg_"): string {
  return prefix + crypto.randomUUID().replaceAll("-", "");
}

export interface CompletionHead {
  readonly id: string;
  /** Epoch seconds. */
  readonly created: number;
  readonly model: string;
}

/** @param now epoch milliseconds. */
export function completionHead(model: string, now: number): CompletionHead {
  return { id: newId("chatcmpl-"), created: Math.floor(now / 1000), model };
}

export interface WrittenText {
  readonly text: string;
  readonly isCut: boolean;
  readonly units: Units;
  /** The engine that wrote it: `workers-ai`, or the name of a local engine. */
  readonly engine: string;
}

export function completionOf(head: CompletionHead, { text, isCut, units, engine }: WrittenText) {
  const message = { role: "assistant", content: text, refusal: null, annotations: [] };
  return {
    ...fields(head, "chat.completion"),
    system_fingerprint: engine,
    choices: [{ index: 0, message, logprobs: null, finish_reason: finishOf(isCut) }],
    usage: completionUsage(units),
  };
}

/** The events of a streamed completion. `hasUsage`: the client asked for a last chunk with the usage. */
export function chunkEvents(head: CompletionHead, { hasUsage }: { hasUsage: boolean }): WriteEvents {
  const chunk = (choices: readonly object[], more: object = {}) => {
    const usage = hasUsage ? { usage: null } : {};
    return `data: ${JSON.stringify({ ...fields(head, "chat.completion.chunk"), choices, ...usage, ...more })}\n\n`;
  };
  return {
    start: () => chunk(choice({ role: "assistant", content: "", refusal: null })),
    texts: (texts) => texts.map((content) => chunk(choice({ content }))).join(""),
    end(answer) {
      const { units, engine } = answer.call();
      const said = { system_fingerprint: engine ?? "" };
      const last = chunk(choice({}, finishOf(answer.isCut())), said);
      return `${last}${hasUsage ? chunk([], { ...said, usage: completionUsage(units) }) : ""}data: [DONE]\n\n`;
    },
    // A stream that breaks off has no [DONE].
    failure: (problem) => `data: ${JSON.stringify(errorBody(toOpenAi(problem)))}\n\n`,
  };
}

function fields({ id, created, model }: CompletionHead, object: string) {
  return { id, object, created, model, service_tier: "default" };
}

function choice(delta: object, finish: string | null = null) {
  return [{ index: 0, delta, logprobs: null, finish_reason: finish }];
}

function finishOf(isCut: boolean): "length" | "stop" {
  return isCut ? "length" : "stop";
}

function completionUsage({ inputTokens = 0, outputTokens = 0 }: Units) {
  return {
    prompt_tokens: inputTokens,
    completion_tokens: outputTokens,
    total_tokens: inputTokens + outputTokens,
    prompt_tokens_details: { cached_tokens: 0, audio_tokens: 0 },
    completion_tokens_details: {
      reasoning_tokens: 0,
      audio_tokens: 0,
      accepted_prediction_tokens: 0,
      rejected_prediction_tokens: 0,
    },
  };
}
