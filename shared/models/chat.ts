import { tokensOf } from "../cost/neurons.ts";
import type { Units } from "./models.ts";
import type { Message } from "./prompts.ts";
import type { Sampling } from "./sampling.ts";

/** What a text model is asked. */
export interface Chat {
  readonly messages: readonly Message[];
  /** The most that it may write. */
  readonly maxTokens: number;
  /** 0 to 2; left out for the model's own. */
  readonly temperature?: number | undefined;
  readonly sampling?: Sampling | undefined;
  /** Asks for JSON of this schema, by the model's own JSON mode. Only some models take it (json-output/write-json.ts). */
  readonly jsonSchema?: Readonly<Record<string, unknown>>;
}

/** The inputs of a text model. Every text model of the catalogue takes these fields (test/contracts/). */
export function chatInputs({ messages, maxTokens, temperature, sampling, jsonSchema }: Chat): Record<string, unknown> {
  return {
    messages,
    max_tokens: maxTokens,
    ...(temperature !== undefined && { temperature }),
    ...sampling,
    ...(jsonSchema !== undefined && { response_format: { type: "json_schema", json_schema: jsonSchema } }),
  };
}

/** Return what a chat consumes at most, estimated from its characters. */
export function chatUnits({ messages, maxTokens }: Chat): Units {
  return { inputTokens: messages.reduce((sum, { content }) => sum + tokensOf(content), 0), outputTokens: maxTokens };
}
