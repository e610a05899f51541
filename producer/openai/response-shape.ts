// Responses in OpenAI's shape, whole and as the documented sequence of events.
import type { Units } from "../../shared/models/models.ts";
import type { WriteEvents } from "../generate/answer-stream.ts";
import { newId, type WrittenText } from "./completion-shape.ts";
import { toOpenAi } from "./errors.ts";
import type { ResponseRequest } from "./response-request.ts";

export interface ResponseHead {
  readonly id: string;
  readonly messageId: string;
  /** Epoch seconds. */
  readonly createdAt: number;
  readonly model: string;
  readonly request: ResponseRequest;
}

/** @param now epoch milliseconds. */
export function responseHead(model: string, request: ResponseRequest, now: number): ResponseHead {
  const [id, messageId] = [newId("resp_"), newId("msg_")];
  return { id, messageId, createdAt: Math.floor(now / 1000), model, request };
}

type Status = "in_progress" | "completed" | "incomplete" | "failed";

export function responseOf(head: ResponseHead, { text, isCut, units }: WrittenText) {
  const status = statusOf(isCut);
  return response(head, { status, output: [message(head, text, status)], usage: responseUsage(units) });
}

/** The response to a request without an input: no model was asked. */
export function emptyResponse(head: ResponseHead) {
  return response(head, { status: "completed", output: [], usage: responseUsage({}) });
}

/** The events of a streamed response. Each has the number of its place in the stream. */
export function responseEvents(head: ResponseHead): WriteEvents {
  let place = 0;
  let text = "";
  const event = (type: string, fields: object) => {
    const data = { type, ...fields, sequence_number: place };
    place += 1;
    return `event: ${type}\ndata: ${JSON.stringify(data)}\n\n`;
  };
  const at = { output_index: 0, item_id: head.messageId, content_index: 0 };
  const running = () => ({ response: response(head, { status: "in_progress", output: [], usage: null }) });
  return {
    start: () =>
      event("response.created", running()) +
      event("response.in_progress", running()) +
      event("response.output_item.added", {
        output_index: 0,
        item: { ...message(head, "", "in_progress"), content: [] },
      }) +
      event("response.content_part.added", { ...at, part: part("") }),
    texts: (texts) =>
      texts
        .map((delta) => {
          text += delta;
          return event("response.output_text.delta", { ...at, delta, logprobs: [] });
        })
        .join(""),
    end(answer) {
      const status = statusOf(answer.isCut());
      const item = message(head, text, status);
      const ended = response(head, { status, output: [item], usage: responseUsage(answer.call().units) });
      return (
        event("response.output_text.done", { ...at, text, logprobs: [] }) +
        event("response.content_part.done", { ...at, part: part(text) }) +
        event("response.output_item.done", { output_index: 0, item }) +
        event(`response.${status}`, { response: ended })
      );
    },
    failure(problem) {
      const { type, message: detail } = toOpenAi(problem);
      const error = { code: type === "rate_limit_error" ? "rate_limit_exceeded" : "server_error", message: detail };
      const output = text === "" ? [] : [message(head, text, "incomplete")];
      return event("response.failed", { response: response(head, { status: "failed", output, usage: null, error }) });
    },
  };
}

interface State {
  readonly status: Status;
  readonly output: readonly object[];
  readonly usage: object | null;
  readonly error?: { readonly code: string; readonly message: string };
}

function response({ id, createdAt, model, request }: ResponseHead, { status, output, usage, error }: State) {
  return {
    id,
    object: "response",
    created_at: createdAt,
    completed_at: status === "completed" ? Math.floor(Date.now() / 1000) : null,
    status,
    background: false,
    error: error ?? null,
    incomplete_details: status === "incomplete" ? { reason: "max_output_tokens" } : null,
    instructions: request.instructions ?? null,
    max_output_tokens: request.max_output_tokens ?? null,
    max_tool_calls: null,
    model,
    output,
    parallel_tool_calls: true,
    previous_response_id: null,
    prompt_cache_key: null,
    reasoning: { effort: null, summary: null },
    safety_identifier: null,
    service_tier: "default",
    store: false,
    temperature: request.temperature ?? null,
    text: { format: request.text?.format ?? { type: "text" } },
    tool_choice: "none",
    tools: [],
    top_logprobs: 0,
    top_p: request.top_p ?? null,
    truncation: request.truncation ?? "auto",
    usage,
    user: request.user ?? null,
    metadata: request.metadata ?? {},
  };
}

function statusOf(isCut: boolean): "incomplete" | "completed" {
  return isCut ? "incomplete" : "completed";
}

function message({ messageId }: ResponseHead, text: string, status: Status) {
  return { id: messageId, type: "message", status, role: "assistant", content: [part(text)] };
}

function part(text: string) {
  return { type: "output_text", text, annotations: [], logprobs: [] };
}

function responseUsage({ inputTokens = 0, outputTokens = 0 }: Units) {
  return {
    input_tokens: inputTokens,
    input_tokens_details: { cached_tokens: 0, cache_write_tokens: 0 },
    output_tokens: outputTokens,
    output_tokens_details: { reasoning_tokens: 0 },
    total_tokens: inputTokens + outputTokens,
  };
}
